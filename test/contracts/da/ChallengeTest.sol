// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DAChallenge} from "../../../contracts/da/DAChallenge.sol";
import {IDAChallenge} from "../../../contracts/interfaces/IDAChallenge.sol";
import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {Test} from "../base/Test.sol";
import {KnownRows} from "./KnownRows.sol";

/// @notice Stands where DAEntrance is: batches as a test wants them on record, and a note of who was paid for which.
contract Registry {
    error UnknownBatch(bytes32 batchId);

    mapping(bytes32 batchId => IDAEntrance.BatchRecord) private _records;
    mapping(bytes32 batchId => address[]) private _reporters;
    address public challenges;

    function serve(address challenges_) external {
        challenges = challenges_;
    }

    function put(bytes32 batchId, IDAEntrance.BatchRecord calldata record_) external {
        _records[batchId] = record_;
    }

    function loseBond(bytes32 batchId, address reporter) external {
        require(msg.sender == challenges, "not challenges");
        _reporters[batchId].push(reporter);
    }

    function record(bytes32 batchId) external view returns (IDAEntrance.BatchRecord memory) {
        if (_records[batchId].submitBlock == 0) revert UnknownBatch(batchId);
        return _records[batchId];
    }

    function reporters(bytes32 batchId) external view returns (address[] memory) {
        return _reporters[batchId];
    }
}

/// @notice Challenges of batches whose one row is known.
abstract contract ChallengeTest is Test {
    using KnownRows for KnownRows.Batch;

    uint64 internal constant WINDOW = 256;
    uint64 internal constant RETENTION = 3_600;
    uint96 internal constant MIN_BASE_FEE = 1 gwei;
    uint256 internal constant START = 1_000;

    Registry internal registry;
    DAChallenge internal challenges;
    address internal challenger = actor("challenger");
    address internal node = actor("node");

    function _deploy() internal {
        vm.roll(START);
        registry = new Registry();
        challenges = new DAChallenge(address(registry), WINDOW, MIN_BASE_FEE);
        registry.serve(address(challenges));
    }

    function _available(KnownRows.Batch memory b) internal returns (bytes32 batchId) {
        batchId = keccak256(abi.encode("batch", b.salt));
        registry.put(batchId, _record(b, uint64(vm.getBlockNumber())));
    }

    function _record(
        KnownRows.Batch memory b,
        uint64 confirmBlock
    ) internal view returns (IDAEntrance.BatchRecord memory r) {
        r.rowsRoot = b.rowsRoot;
        r.rowCount = uint32(b.rowCount);
        r.submitBlock = uint64(vm.getBlockNumber()) - 1;
        r.confirmBlock = confirmBlock;
        r.retainUntil = confirmBlock == 0 ? 0 : confirmBlock + RETENTION;
    }

    function _at(bytes32 batchId, uint256 row, uint256 column) internal pure returns (IDAChallenge.CellId memory) {
        return IDAChallenge.CellId(batchId, row, column);
    }

    function _idOf(IDAChallenge.CellId memory where) internal pure returns (bytes32) {
        return keccak256(abi.encode(where));
    }

    /// @dev For the least that is accepted: at the first seats the base price, which is all bond.
    function _challenge(IDAChallenge.CellId memory where) internal returns (uint256 paid) {
        paid = challenges.requiredBond(where.batchId);
        vm.deal(challenger, paid);
        vm.prank(challenger);
        challenges.challenge{value: paid}(where);
    }

    function _answer(KnownRows.Batch memory b, IDAChallenge.CellId memory where) internal {
        vm.prank(node);
        challenges.answer(where, b.cell(where.column), b.proof(where.column));
    }

    function _pass(uint256 blocks) internal {
        vm.roll(vm.getBlockNumber() + blocks);
    }
}
