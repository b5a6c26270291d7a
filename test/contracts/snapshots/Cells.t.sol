// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CellVerifier} from "../../../contracts/da/CellVerifier.sol";
import {Test} from "../base/Test.sol";

/// @notice A whole cell by KZG, as a contract that reads a blob pays for it: the call alone, then the whole transaction with
/// its calldata. Prices are Osaka's; Prague takes 64,000 less, for its modexp costs an eighth.
contract CellSnapshots is Test {
    /// @dev The case "own column 31" of the vectors: a row of random elements.
    string internal constant CASE = ".cases[44].";
    CellVerifier internal _verifier;
    bytes internal _data;

    function setUp() external {
        string memory json = vm.readFile("test/vectors/cells.json");
        _verifier = new CellVerifier();
        _data = abi.encodeCall(
            CellVerifier.verifyCellKzg,
            (
                vm.parseJsonBytes(json, string.concat(CASE, "commitment")),
                vm.parseJsonUint(json, string.concat(CASE, "column")),
                vm.parseJsonBytes(json, string.concat(CASE, "cell")),
                vm.parseJsonBytes(json, string.concat(CASE, "proof"))
            )
        );
    }

    function test_VerifyCellKzg() external {
        bytes memory data = _data;
        uint256 before = gasleft();
        (bool success, bytes memory answer) = address(_verifier).call(data);
        uint256 used = before - gasleft();
        vm.assertTrue(success && abi.decode(answer, (bool)));
        gasLine("CellVerifier.verifyCellKzg: the call", used, 720_000);
        used += 21_000;
        for (uint256 i = 0; i < data.length; ++i) used += data[i] == 0 ? 4 : 16;
        gasLine("CellVerifier.verifyCellKzg: as a transaction", used, 780_000);
    }

    function test_Sizes() external {
        sizeLine("CellVerifier", address(_verifier));
        sizeLine("KzgSetup", _verifier.setup());
    }
}
