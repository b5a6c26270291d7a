// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DAEntrance} from "../../../contracts/da/DAEntrance.sol";
import {Precompiles} from "../../../contracts/da/Precompiles.sol";
import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {Submission} from "../../../contracts/types/Submission.sol";
import {EntranceTest} from "../da/EntranceTest.sol";
import {Signing} from "../da/Signing.sol";

/// @notice Stands where Flow is and does nothing: what a confirmation costs without Flow's share.
contract NoFlow {
    function batchSubmit(
        Submission[] calldata
    ) external payable returns (uint256[] memory indexes, bytes32[] memory, uint256[] memory, uint256[] memory) {
        indexes = new uint256[](2);
        return (indexes, new bytes32[](2), new uint256[](2), new uint256[](2));
    }
}

/// @notice Transactions of the DA contracts, each whole: base fee of 21,000 and calldata included, all storage cold:
/// what a test calls is prepared in `setUp`, a transaction before. 200 validators, batches of 15 rows. Limits are those of
/// the project.
contract DASnapshots is EntranceTest {
    uint256 internal constant VALIDATORS = 200;
    /// @dev As many as can be away: 134 of 200 are the least above two thirds.
    uint256 internal constant ABSENT = 66;

    Case internal _next;
    Case internal _open;
    Case internal _other;
    uint256 internal _price;
    DAEntrance internal _untouched;
    bytes internal _allSigned;
    bytes internal _someSigned;

    function setUp() external {
        _deployWith(VALIDATORS);
        // Neither the pool nor the log is empty.
        _confirmed(_case(15, 25_000, "first"));
        _next = _case(15, 25_000, "next");
        _price = _quote(_next);
        _open = _submitted(_case(15, 25_000, "open"));
        _other = _submitted(_case(15, 25_000, "other"));
        _allSigned = _confirmation(_open, _none());
        _someSigned = _confirmation(_open, _lastOf(VALIDATORS, ABSENT));
        _untouched = _newEntrance(WINDOW, RETENTION, BOND, DA_FEE).entrance();
        vm.deal(submitter, 1000 ether);
    }

    function test_Submit() external {
        bytes memory data = abi.encodeCall(IDAEntrance.submitBatch, (_next.commitment));
        gasLine("DAEntrance.submitBatch", _transact(address(entrance), submitter, _price, data), 200_000);
    }

    function test_SubmitWithSurplus() external {
        bytes memory data = abi.encodeCall(IDAEntrance.submitBatch, (_next.commitment));
        uint256 used = _transact(address(entrance), submitter, _price + 1, data);
        gasLine("DAEntrance.submitBatch: first surplus of its submitter", used, 200_000);
    }

    function test_SubmitFirst() external {
        bytes memory data = abi.encodeCall(IDAEntrance.submitBatch, (_next.commitment));
        uint256 used = _transact(address(_untouched), submitter, _price + 1, data);
        gasLine("DAEntrance.submitBatch: the first of all, with surplus", used, 200_000);
    }

    function test_ConfirmAllSigned() external {
        vm.etch(address(flow), type(NoFlow).runtimeCode);
        uint256 used = _transact(address(entrance), submitter, 0, _allSigned);
        gasLine("DAEntrance.confirmBatch: 200 of 200 signed, without Flow", used, 300_000);
    }

    function test_ConfirmSomeSigned() external {
        vm.etch(address(flow), type(NoFlow).runtimeCode);
        // The first run warms what both read, so that the difference is the absent alone.
        uint256 state = vm.snapshotState();
        _transact(address(entrance), submitter, 0, _allSigned);
        vm.revertToState(state);
        uint256 all = _transact(address(entrance), submitter, 0, _allSigned);
        vm.revertToState(state);
        uint256 some = _transact(address(entrance), submitter, 0, _someSigned);
        gasLine("DAEntrance.confirmBatch: for each of 66 absent", (some - all) / ABSENT, 12_000);
    }

    function test_ConfirmIntoFlow() external {
        uint256 used = _transact(address(entrance), submitter, 0, _allSigned);
        gasLine("DAEntrance.confirmBatch: 200 of 200 signed, with a young Flow", used, 800_000);
    }

    function test_Fail() external {
        _expire(_other);
        bytes memory data = abi.encodeCall(IDAEntrance.failBatch, (_other.id));
        gasLine("DAEntrance.failBatch", _transact(address(entrance), submitter, 0, data), 100_000);
    }

    function test_Register() external {
        delete secrets;
        _deploySigners();
        _joinMany(3, 1 ether);
        _settle();
        address newcomer = actor("newcomer");
        bytes memory data = _registrationOf(newcomer, 77);
        vm.deal(newcomer, 1 ether);
        gasLine("DASigners.register", _transact(address(signers), newcomer, 1 ether, data), 600_000);
    }

    function test_Deposit() external {
        bytes memory data = abi.encodeCall(IDASigners.deposit, (_accountOf(7)));
        gasLine("DASigners.deposit", _transact(address(signers), submitter, 1 ether, data), 200_000);
    }

    function test_RegisterWhenAllSlotsAreTaken() external {
        address newcomer = actor("newcomer");
        bytes memory data = _registrationOf(newcomer, 77);
        vm.deal(newcomer, 2 ether);
        uint256 used = _transact(address(signers), newcomer, 2 ether, data);
        gasLine("DASigners.register: in place of the lowest of 200", used, 1_200_000);
    }

    function test_Renew() external {
        bytes memory data = abi.encodeCall(IDASigners.renew, ());
        gasLine("DASigners.renew", _transact(address(signers), _accountOf(7), 0, data), 60_000);
    }

    function test_RotateKey() external {
        address account = _accountOf(7);
        G1 memory key = Signing.publicKey(77);
        G2 memory proof = Signing.prove(77, signers.possessionMessage(account, key));
        bytes memory data = abi.encodeCall(IDASigners.rotateKey, (key, proof));
        gasLine("DASigners.rotateKey", _transact(address(signers), account, 0, data), 600_000);
    }

    function test_Exit() external {
        bytes memory data = abi.encodeCall(IDASigners.requestWithdraw, (1 ether));
        gasLine("DASigners.requestWithdraw: all", _transact(address(signers), _accountOf(7), 0, data), 300_000);
    }

    function test_Slash() external {
        uint64 epoch = signers.currentEpoch();
        bytes memory data = abi.encodeCall(IDASigners.slash, (7, epoch, 0, submitter));
        uint256 used = _transact(address(signers), signers.sampling(), 0, data);
        gasLine("DASigners.slash", used, 350_000);
    }

    function test_Sizes() external {
        sizeLine("DASigners", address(signers));
        sizeLine("DAEntrance", address(entrance));
        sizeLine("Precompiles", address(new Precompiles()));
    }

    function _confirmation(Case memory c, uint8[] memory absent) internal view returns (bytes memory) {
        IDASigners.Attestation memory a = _signed(c, absent);
        return abi.encodeCall(IDAEntrance.confirmBatch, (c.id, c.rowNodes, c.metadataNodes, a));
    }

    function _registrationOf(address account, uint256 secret) internal view returns (bytes memory) {
        G1 memory key = Signing.publicKey(secret);
        G2 memory proof = Signing.prove(secret, signers.possessionMessage(account, key));
        return abi.encodeCall(IDASigners.register, (key, proof, "http://validator.example:4000"));
    }

    /// @dev Gas of a transaction: what the call takes, and what every transaction pays before it.
    function _transact(address to, address from, uint256 value, bytes memory data) internal returns (uint256 used) {
        used = 21_000;
        for (uint256 i = 0; i < data.length; ++i) used += data[i] == 0 ? 4 : 16;
        vm.prank(from);
        uint256 before = gasleft();
        (bool success, bytes memory reason) = to.call{value: value}(data);
        used += before - gasleft();
        if (!success) {
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
        // What this contract pays for a call with value, no transaction pays; it also gives 2,300 to the callee.
        if (value != 0) used -= 9_000;
    }
}
