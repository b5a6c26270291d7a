// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPoraMine} from "../../../contracts/interfaces/IPoraMine.sol";
import {ZeroHashes} from "../../../contracts/libraries/ZeroHashes.sol";
import {PoraMine} from "../../../contracts/mine/PoraMine.sol";
import {PoraAnswer} from "../../../contracts/types/PoraAnswer.sol";
import {Submission} from "../../../contracts/types/Submission.sol";
import {MineTest} from "../mine/MineTest.sol";

/// @notice What an answer costs as a whole transaction: base fee of 21,000 and calldata included, all storage cold. The log
/// is of 1 TiB, so that a path has 28 siblings; the miner was paid before. The limit is that of the project.
contract MineSnapshots is MineTest {
    uint256 private constant LIMIT = 400_000;
    uint256 private constant PER_CHUNK = 1 << 25;
    uint256 private constant HALF = 31;

    bytes private _steady;
    bytes private _nextEpoch;
    bytes private _idle;
    bytes private _ofNewcomer;
    bytes private _nextOfNewcomer;
    uint256 private _steadyBlock;
    uint256 private _nextBlock;
    uint256 private _idleBlock;

    function setUp() public override {
        super.setUp();
        deployStorage(PER_CHUNK);
        PoraMine.Parameters memory p = parameters();
        // Ranges end where the known data ends, and all windows open with the epoch.
        (p.maxMiningLength, p.nSubtasks) = (4096, 1);
        deployMine(p);
        resetLog();
        fillLog();
        Submission memory rest = entryOf(alice, 1 << HALF, "rest");
        submitAs(alice, rest);
        nextEpoch();
        vm.warp(block.timestamp + 1 days);
        minerId = newMiner(miner, 1);
        bytes32 newcomer = newMiner(actor("newcomer"), 2);

        // The first answer of all fills slots that later ones only change.
        _call(_answer(minerId, 0, rest.data.nodes[0].root));
        _steadyBlock = block.number;
        _steady = _answer(minerId, 1 << 100, rest.data.nodes[0].root);
        _ofNewcomer = _answer(newcomer, 2 << 100, rest.data.nodes[0].root);

        uint256 first = flow.firstBlock();
        _nextBlock = first + (flow.epoch() + 1) * BLOCKS_PER_EPOCH + 1;
        _idleBlock = first + (flow.epoch() + 10_000) * BLOCKS_PER_EPOCH + 1;
        _nextEpoch = _answerAt(_nextBlock, minerId, rest.data.nodes[0].root);
        _nextOfNewcomer = _answerAt(_nextBlock, newcomer, rest.data.nodes[0].root);
        _idle = _answerAt(_idleBlock, minerId, rest.data.nodes[0].root);
        vm.roll(_steadyBlock);
        vm.warp(block.timestamp + 1 hours);
    }

    function test_Steady() external {
        gasLine("PoraMine.submit", _call(_steady), LIMIT);
    }

    function test_FirstPayment() external {
        gasLine("PoraMine.submit: first payment of its miner", _call(_ofNewcomer), LIMIT);
    }

    function test_WithTheContext() external {
        vm.roll(_nextBlock);
        gasLine("PoraMine.submit: makes the epoch's context, too", _call(_nextEpoch), LIMIT);
    }

    function test_A21_AfterIdleEpochs() external {
        vm.roll(_idleBlock);
        gasLine("PoraMine.submit: after 10,000 idle epochs (A21)", _call(_idle), LIMIT);
    }

    /// @dev A21: all at once that makes an answer dear, with the path of a log of 8 TiB at most: the first payment of its miner,
    /// out of a chunk that was paid for in every bucket and not hit for a lifetime.
    function test_A21_AfterASilenceOfALifetime() external {
        _lifetimeOfFees();
        _coolAll();
        gasLine(
            "PoraMine.submit: first payment, after a lifetime of fees without a hit (A21)",
            _call(_ofNewcomer),
            LIMIT
        );
    }

    /// @dev And the context of the epoch besides, which anyone could have made before.
    function test_A21_AtWorst() external {
        _lifetimeOfFees();
        vm.roll(_nextBlock);
        _coolAll();
        gasLine("PoraMine.submit: all of this in one call (A21)", _call(_nextOfNewcomer), 500_000);
    }

    function _lifetimeOfFees() private {
        uint256 fee = reward.extensionFee();
        vm.deal(address(this), 100 * fee);
        for (
            uint256 end = block.timestamp + LIFETIME;
            block.timestamp < end;
            vm.warp(block.timestamp + reward.bucketSeconds())
        ) {
            reward.extend{value: fee}(0);
        }
        vm.warp(reward.rewardDeadline(0) - 1);
    }

    /// @dev As at the start of a transaction.
    function _coolAll() private {
        vm.cool(address(mine));
        vm.cool(address(flow));
        vm.cool(address(flow.rootHistory()));
        vm.cool(address(market));
        vm.cool(address(reward));
    }

    function test_Sizes() external {
        sizeLine("PoraMine", address(mine));
    }

    /// @dev Built in the future, of which only the answer is kept.
    function _answerAt(uint256 blockNumber, bytes32 id, bytes32 right) private returns (bytes memory data) {
        uint256 state = vm.snapshotState();
        vm.roll(blockNumber);
        flow.makeContext();
        data = _answer(id, 3 << 100, right);
        vm.revertToState(state);
    }

    function _answer(bytes32 id, uint256 nonce, bytes32 right) private returns (bytes memory) {
        PoraAnswer memory answer = answerIn(mine.computeWorkerContext(id), id, nonce, 2, 3, 7);
        // The known part of the log is its left end; then come empty subtrees, and the other half of the log.
        bytes32[] memory low = answer.merkleProof;
        answer.merkleProof = new bytes32[](HALF - 4 + 1);
        for (uint256 i = 0; i < HALF - 4; ++i) answer.merkleProof[i] = i < low.length ? low[i] : ZeroHashes.root(i + 4);
        answer.merkleProof[HALF - 4] = right;
        return abi.encodeCall(IPoraMine.submit, (answer));
    }

    /// @dev Gas of a transaction: what the call takes, and what every transaction pays before it.
    function _call(bytes memory data) private returns (uint256 used) {
        used = 21_000;
        for (uint256 i = 0; i < data.length; ++i) used += data[i] == 0 ? 4 : 16;
        address to = address(mine);
        uint256 before = gasleft();
        (bool success, bytes memory reason) = to.call(data);
        used += before - gasleft();
        if (!success) {
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
    }
}
