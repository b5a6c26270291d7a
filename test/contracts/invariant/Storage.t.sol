// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "../../../contracts/Genesis.sol";
import {Flow} from "../../../contracts/flow/Flow.sol";
import {ChunkLinearReward} from "../../../contracts/pay/ChunkLinearReward.sol";
import {FixedPrice} from "../../../contracts/pay/FixedPrice.sol";
import {EpochRangeWithContextDigest, MineContext} from "../../../contracts/types/MineContext.sol";
import {Reward} from "../../../contracts/types/Reward.sol";
import {Submission, SubmissionNode} from "../../../contracts/types/Submission.sol";
import {Invariant} from "../base/Invariant.sol";
import {anyMining} from "../base/MineTerms.sol";
import {NaiveTree} from "../base/NaiveTree.sol";
import {Test} from "../base/Test.sol";

/// @notice Everything that anyone can do to the log, its price and its pools, at random; and a ledger of what happened,
/// kept from the inputs alone.
contract StorageHandler is Test {
    struct Entry {
        uint256 start;
        uint256 sectors;
        uint256 firstHeight;
        bytes32 identity;
        bytes32 root;
    }

    uint256 internal constant MAX_ENTRIES = 40;

    Flow public flow;
    FixedPrice public market;
    ChunkLinearReward public reward;
    address public admin;

    /// @notice Wei that the callers of this handler had at first, spent on entries, and gave away.
    uint256 public funds;
    uint256 public spent;
    uint256 public donated;
    /// @notice Wei paid for each pricing chunk.
    mapping(uint256 chunk => uint256 amount) public paidFor;

    Entry[] private _entries;
    NaiveTree.Placed[] private _placed;

    constructor(Flow flow_, FixedPrice market_, ChunkLinearReward reward_, address admin_) payable {
        (flow, market, reward, admin) = (flow_, market_, reward_, admin_);
        funds = msg.value;
    }

    /// @dev The surplus comes back here.
    receive() external payable {}

    function submit(uint256 length, bytes32 seed, uint256 surplus) external {
        if (_entries.length == MAX_ENTRIES) return;
        Submission memory entry = _entryOf(length, seed);
        (uint256 before, ) = flow.tree();
        uint256 fee = _sectorsOf(entry) * market.pricePerSector();
        (uint256 index, bytes32 identity, uint256 start, uint256 sectors) = flow.submit{
            value: fee + bound(surplus, 0, 1e18)
        }(entry);
        vm.assertEq(index, _entries.length);
        vm.assertEq(sectors, _sectorsOf(entry));
        vm.assertGe(start, before);
        spent += fee;
        _record(entry, start, sectors, identity);
    }

    function batchSubmit(uint256[3] calldata lengths, bytes32 seed, uint256 surplus) external {
        if (_entries.length + 3 > MAX_ENTRIES) return;
        Submission[] memory entries = new Submission[](3);
        uint256 fee = 0;
        for (uint256 i = 0; i < 3; ++i) {
            entries[i] = _entryOf(lengths[i], keccak256(abi.encode(seed, i)));
            fee += _sectorsOf(entries[i]) * market.pricePerSector();
        }
        (, bytes32[] memory identities, uint256[] memory starts, uint256[] memory sectors) = flow.batchSubmit{
            value: fee + bound(surplus, 0, 1e18)
        }(entries);
        spent += fee;
        for (uint256 i = 0; i < 3; ++i) _record(entries[i], starts[i], sectors[i], identities[i]);
    }

    /// @dev Too little by anything from one wei to all of it: nothing may change.
    function submitTooCheaply(uint256 length, bytes32 seed, uint256 missing) external {
        Submission memory entry = _entryOf(length, seed);
        uint256 fee = _sectorsOf(entry) * market.pricePerSector();
        try flow.submit{value: fee - bound(missing, 1, fee)}(entry) {
            revert("submitted below the price");
        } catch {}
    }

    function mine(uint256 blocks, uint256 seconds_) external {
        vm.roll(block.number + bound(blocks, 1, 300));
        vm.warp(block.timestamp + bound(seconds_, 0, 100 days));
    }

    function makeContext() external {
        flow.makeContext();
    }

    function setPrice(uint256 price) external {
        vm.prank(admin);
        market.setPricePerSector(bound(price, 1, 1e12));
    }

    function donate(uint256 amount) external {
        amount = bound(amount, 0, 1e18);
        reward.donate{value: amount}();
        donated += amount;
    }

    function entries() external view returns (Entry[] memory) {
        return _entries;
    }

    function placed() external view returns (NaiveTree.Placed[] memory) {
        return _placed;
    }

    function _record(Submission memory entry, uint256 start, uint256 sectors, bytes32 identity) private {
        bytes memory roots;
        uint256 position = start;
        for (uint256 i = 0; i < entry.data.nodes.length; ++i) {
            SubmissionNode memory node = entry.data.nodes[i];
            _placed.push(NaiveTree.Placed(position, node.height, node.root));
            position += 1 << node.height;
            roots = bytes.concat(roots, node.root);
        }
        vm.assertEq(identity, keccak256(roots));
        _credit(start + sectors, sectors * market.pricePerSector());
        bytes32 root = flow.getFlowRootByTxSeq(_entries.length);
        _entries.push(Entry(start, sectors, entry.data.nodes[0].height, identity, root));
    }

    /// @dev An entry pays for all sectors from the end of the one before it, each with the same share.
    function _credit(uint256 end, uint256 fee) private {
        uint256 last = _entries.length;
        uint256 from = last == 0 ? 1 : _entries[last - 1].start + _entries[last - 1].sectors;
        uint256 perChunk = reward.sectorsPerPrice();
        uint256 shared = 0;
        for (uint256 chunk = from / perChunk; chunk * perChunk < end; ++chunk) {
            uint256 to = (chunk + 1) * perChunk < end ? (chunk + 1) * perChunk : end;
            paidFor[chunk] += (fee * (to - from)) / (end - from) - shared;
            shared = (fee * (to - from)) / (end - from);
        }
    }

    /// @dev The entry of a file of this many bytes; sizes are spread over all magnitudes up to 16 MiB.
    function _entryOf(uint256 length, bytes32 seed) private view returns (Submission memory entry) {
        length = bound(length, 1, 1 << (1 + (uint256(seed) % 24)));
        uint256 sectors = (length + 255) / 256;
        uint256 unit = 1;
        while (unit * 16 < sectors) unit *= 2;
        uint256 padded = ((sectors + unit - 1) / unit) * unit;

        entry.submitter = address(this);
        entry.data.length = length;
        uint256 count = 0;
        for (uint256 rest = padded; rest != 0; rest &= rest - 1) ++count;
        entry.data.nodes = new SubmissionNode[](count);
        for (uint256 height = 0; count > 0; ++height) {
            if ((padded >> height) & 1 == 0) continue;
            entry.data.nodes[--count] = SubmissionNode({root: keccak256(abi.encode(seed, height)), height: height});
        }
    }

    function _sectorsOf(Submission memory entry) private pure returns (uint256 sectors) {
        for (uint256 i = 0; i < entry.data.nodes.length; ++i) sectors += 1 << entry.data.nodes[i].height;
    }
}

/// @notice What must hold whatever anyone does, in any order, at any time:
///
/// 1. The root of the log is that of the naive tree over everything that was ever submitted.
/// 2. Entries stand in order, without overlap; each starts at a multiple of its first node, and lies within one segment
///    or starts at one.
/// 3. What an entry saw as root stays what `getFlowRootByTxSeq` answers.
/// 4. Sealed ranges are contiguous from sector 0, disjoint, and end where `epochStartPosition` says.
/// 5. Every wei that was paid lies in the pools of exactly the chunks that it was paid for, and is locked or claimable
///    there; none stays anywhere else.
contract StorageInvariants is Invariant {
    uint256 private constant SECTORS_PER_PRICE = 8192;

    Flow private _flow;
    ChunkLinearReward private _reward;
    address private _market;
    StorageHandler private _handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.roll(1_000);
        address admin = actor("admin");
        Genesis genesis = new Genesis(
            Genesis.Parameters({
                blocksPerEpoch: 100,
                pricePerSector: 30_733_644_962,
                priceAdmin: admin,
                sectorsPerPrice: SECTORS_PER_PRICE,
                releaseSeconds: 372 days,
                baseReward: 0,
                serviceFeeRateBps: 0,
                treasury: address(0)
            }),
            anyMining()
        );
        (_flow, _reward, _market) = (genesis.flow(), genesis.reward(), address(genesis.market()));
        vm.deal(address(this), 1e30);
        _handler = new StorageHandler{value: 1e30}(_flow, genesis.market(), _reward, admin);

        bytes4[] memory selectors = new bytes4[](7);
        selectors[0] = StorageHandler.submit.selector;
        selectors[1] = StorageHandler.batchSubmit.selector;
        selectors[2] = StorageHandler.submitTooCheaply.selector;
        selectors[3] = StorageHandler.mine.selector;
        selectors[4] = StorageHandler.makeContext.selector;
        selectors[5] = StorageHandler.setPrice.selector;
        selectors[6] = StorageHandler.donate.selector;
        _target(address(_handler), selectors);
    }

    /// hardhat-config: invariant.runs = 24
    /// hardhat-config: invariant.depth = 48
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_TheRootIsThatOfTheNaiveTree() external view {
        (uint256 length, ) = _flow.tree();
        vm.assertEq(_flow.computeFlowRoot(), NaiveTree.root(_handler.placed(), length));
    }

    /// hardhat-config: invariant.runs = 24
    /// hardhat-config: invariant.depth = 48
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_EntriesAreAlignedOrderedAndKept() external view {
        StorageHandler.Entry[] memory entries = _handler.entries();
        uint256 end = 1;
        for (uint256 i = 0; i < entries.length; ++i) {
            StorageHandler.Entry memory e = entries[i];
            vm.assertGe(e.start, end);
            vm.assertEq(e.start % (1 << e.firstHeight), 0);
            bool oneSegment = e.start / 1024 == (e.start + e.sectors - 1) / 1024;
            vm.assertTrue(oneSegment || e.start % 1024 == 0, "reaches over a segment");
            vm.assertEq(_flow.getFlowRootByTxSeq(i), e.root);
            end = e.start + e.sectors;
        }
        (uint256 length, ) = _flow.tree();
        vm.assertEq(length, end);
        vm.assertEq(_flow.numSubmissions(), entries.length);
    }

    /// hardhat-config: invariant.runs = 24
    /// hardhat-config: invariant.depth = 48
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_SealedRangesAreContiguous() external view {
        uint256 sealedTo = _flow.epochStartPosition();
        uint256 from = 0;
        for (uint256 i = 0; from < sealedTo; ++i) {
            EpochRangeWithContextDigest memory range = _flow.getEpochRangeHistory(i);
            vm.assertEq(range.start, from);
            vm.assertGe(range.end, range.start);
            from = range.end;
        }
        vm.assertEq(from, sealedTo);
        MineContext memory context = _flow.getContext();
        if (context.digest != keccak256("")) vm.assertEq(sealedTo, context.flowLength);
        (uint256 length, ) = _flow.tree();
        vm.assertLe(context.flowLength, length);
    }

    /// hardhat-config: invariant.runs = 24
    /// hardhat-config: invariant.depth = 48
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_A26_EveryWeiIsInThePools() external view {
        vm.assertEq(address(_flow).balance, 0);
        vm.assertEq(_market.balance, 0);
        vm.assertEq(address(_handler).balance, _handler.funds() - _handler.spent() - _handler.donated());
        vm.assertEq(address(_reward).balance, _handler.spent() + _handler.donated());
        vm.assertEq(_reward.totalBaseReward(), _handler.donated());

        (uint256 length, ) = _flow.tree();
        uint256 pooled = 0;
        for (uint256 chunk = 0; chunk <= length / SECTORS_PER_PRICE; ++chunk) {
            Reward memory pool = _reward.rewards(chunk);
            uint256 amount = uint256(pool.lockedReward) + pool.claimableReward;
            vm.assertEq(amount, _handler.paidFor(chunk));
            pooled += amount;
            bool touched = length > 1 && chunk * SECTORS_PER_PRICE < length;
            vm.assertEq(_reward.rewardDeadline(chunk) != 0, touched);
        }
        vm.assertEq(pooled, _handler.spent());
    }
}
