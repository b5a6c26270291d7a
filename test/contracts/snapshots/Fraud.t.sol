// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDAFraud} from "../../../contracts/interfaces/IDAFraud.sol";
import {FraudTest} from "../da/FraudTest.sol";

/// @notice What it costs to catch a corrupt blob, and to read an honest one: whole transactions, all storage cold. Calldata
/// is paid by EIP-7623: a proof with many rows costs its floor, 40 gas a byte, and what it computes is free.
contract FraudSnapshots is FraudTest {
    bytes internal _one;
    bytes internal _three;
    bytes internal _sixtyFour;
    bytes internal _malformed;
    bytes internal _element;

    function setUp() external {
        _deployWith(1);
        _certify();
        _one = _proveCall(_corrupt(0));
        _three = _proveCall(_corrupt(1));
        _sixtyFour = _proveCall(_corrupt(6));
        Claim memory c = _honest(4);
        _element = abi.encodeCall(IDAEntrance.verifyElement, (_batch.id, c.proof, c.position, c.opening));
        bytes32[8] memory sector;
        bytes32[] memory words = vm.parseJsonBytes32Array(_json, ".malformed[0].sector");
        for (uint256 i = 0; i < 8; ++i) sector[i] = words[i];
        _malformed = abi.encodeCall(
            IDAFraud.proveMalformed,
            (
                _batch.id,
                _proofOf(5),
                vm.parseJsonUint(_json, ".malformed[0].sectorIndex"),
                sector,
                vm.parseJsonUint(_json, ".malformed[0].element"),
                vm.parseJsonBytes32Array(_json, ".malformed[0].path")
            )
        );
    }

    function test_ProveCorruptOneRow() external {
        gasLine("DAEntrance.proveCorrupt: 1 row", _transact(_one), 250_000);
    }

    function test_ProveCorruptThreeRows() external {
        gasLine("DAEntrance.proveCorrupt: 3 rows", _transact(_three), 300_000);
    }

    function test_ProveCorruptSixtyFourRows() external {
        gasLine("DAEntrance.proveCorrupt: 64 rows", _transact(_sixtyFour), 1_700_000);
    }

    function test_ProveMalformed() external {
        gasLine("DAEntrance.proveMalformed", _transact(_malformed), 220_000);
    }

    /// @dev As one contract pays it to another: no transaction, no calldata.
    function test_VerifyElement() external {
        bytes memory data = _element;
        uint256 before = gasleft();
        (bool success, ) = address(entrance).staticcall(data);
        uint256 used = before - gasleft();
        vm.assertTrue(success);
        gasLine("DAEntrance.verifyElement: called by a contract", used, 100_000);
    }

    function _transact(bytes memory data) internal returns (uint256 used) {
        uint256 tokens = 0;
        for (uint256 i = 0; i < data.length; ++i) tokens += data[i] == 0 ? 1 : 4;
        vm.prank(actor("reporter"));
        uint256 before = gasleft();
        (bool success, ) = address(entrance).call(data);
        used = 21_000 + 4 * tokens + before - gasleft();
        vm.assertTrue(success);
        uint256 floor = 21_000 + 10 * tokens;
        if (used < floor) used = floor;
    }
}
