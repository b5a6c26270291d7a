// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDigestHistory} from "../interfaces/IDigestHistory.sol";
import {IFixedPrice} from "../interfaces/IFixedPrice.sol";
import {IFlow} from "../interfaces/IFlow.sol";
import {BlockHash} from "../libraries/BlockHash.sol";
import {Domain} from "../libraries/Domain.sol";
import {FlowTree, FlowTreeLib} from "../libraries/FlowTree.sol";
import {Permit} from "../libraries/Permit.sol";
import {SubmissionLib} from "../libraries/SubmissionLib.sol";
import {EpochRange, EpochRangeWithContextDigest, MineContext} from "../types/MineContext.sol";
import {Submission} from "../types/Submission.sol";
import {DigestHistory} from "./DigestHistory.sol";

/// @dev See {IFlow}. Every entrance: check, roll the epoch, append in memory, write, emit, then call out.
contract Flow is IFlow {
    /// @dev Everything that every entry reads, in one word:
    ///
    ///     | epoch 40 | submissions 48 | contextLength 56 | sealedLength 56 | length 56 |
    ///
    /// length         sectors in the log
    /// sealedLength   sectors sealed by contexts so far
    /// contextLength  sectors in the log when the last context was made; differs from sealedLength only if that one has
    ///                no mining
    struct Head {
        uint56 length;
        uint56 sealedLength;
        uint56 contextLength;
        uint48 submissions;
        uint40 epoch;
    }

    /// @dev Digest of an epoch without mining: keccak256("").
    bytes32 private constant NO_MINING = keccak256("");

    /// @dev Roots that `rootHistory` holds.
    uint256 private constant ROOTS = 1000;

    /// @inheritdoc IFlow
    address payable public immutable market;
    /// @inheritdoc IFlow
    IDigestHistory public immutable rootHistory;
    /// @inheritdoc IFlow
    uint256 public immutable firstBlock;
    /// @inheritdoc IFlow
    uint256 public immutable blocksPerEpoch;

    /// @inheritdoc IFlow
    mapping(address submitter => uint256 used) public nonces;
    /// @inheritdoc IFlow
    mapping(uint256 txSeq => bytes32 root) public getFlowRootByTxSeq;

    Head private _head;
    bytes32[56] private _peaks;

    bytes32 private _contextRoot;
    bytes32 private _contextBlockDigest;
    bytes32 private _contextDigest;
    mapping(bytes32 digest => EpochRange range) private _ranges;
    bytes32[] private _sealers;

    constructor(address payable market_, uint256 blocksPerEpoch_) {
        if (blocksPerEpoch_ == 0) revert NoEpochBlocks();
        address partner = IFixedPrice(market_).flow();
        if (partner != address(this)) revert WrongPartner(market_, address(this), partner);

        market = market_;
        firstBlock = block.number;
        blocksPerEpoch = blocksPerEpoch_;
        rootHistory = new DigestHistory(ROOTS);

        // Leaf 0 is 32 zero bytes: the peak at level 0, and the root of the tree of one leaf, are zero already.
        _head = Head({length: 1, sealedLength: 0, contextLength: 1, submissions: 0, epoch: 0});
        _contextBlockDigest = NO_MINING;
        _contextDigest = NO_MINING;
    }

    // ---- entries -----------------------------------------------------------------------------------------------

    /// @inheritdoc IFlow
    function submit(
        Submission calldata submission
    ) external payable returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 length) {
        _onlySubmitter(submission.submitter);
        return _submit(submission);
    }

    /// @inheritdoc IFlow
    function submitFor(
        Submission calldata submission,
        uint256 deadline,
        bytes calldata signature
    ) external payable returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 length) {
        address submitter = submission.submitter;
        if (submitter == address(0)) revert NoSubmitter();
        if (block.timestamp > deadline) revert PermitExpired(deadline, block.timestamp);
        // Used up before the submitter's own code is asked: it cannot be asked about the same permit twice.
        bytes32 permit = permitDigest(submission, nonces[submitter]++, deadline);
        if (!Permit.signed(submitter, permit, signature)) revert BadPermit(submitter);
        return _submit(submission);
    }

    /// @inheritdoc IFlow
    function batchSubmit(
        Submission[] calldata submissions
    )
        external
        payable
        returns (
            uint256[] memory indexes,
            bytes32[] memory digests,
            uint256[] memory startIndexes,
            uint256[] memory lengths
        )
    {
        uint256 count = submissions.length;
        indexes = new uint256[](count);
        digests = new bytes32[](count);
        startIndexes = new uint256[](count);
        lengths = new uint256[](count);

        Head memory head = _roll();
        FlowTree memory log = FlowTreeLib.load(_peaks, head.length);
        uint256 before = head.length;
        for (uint256 i = 0; i < count; ++i) {
            _onlySubmitter(submissions[i].submitter);
            indexes[i] = head.submissions;
            (digests[i], startIndexes[i], lengths[i]) = _append(head, log, submissions[i]);
        }
        _save(head, log);
        _pay(before, startIndexes, lengths);
    }

    /// @inheritdoc IFlow
    function permitDigest(
        Submission calldata submission,
        uint256 nonce,
        uint256 deadline
    ) public view returns (bytes32) {
        bytes32 domain = Domain.separator(keccak256("0G Flow"));
        return keccak256(abi.encodePacked(hex"1901", domain, SubmissionLib.permitHash(submission, nonce, deadline)));
    }

    // ---- the tree ----------------------------------------------------------------------------------------------

    /// @inheritdoc IFlow
    function tree() external view returns (uint256 currentLength, uint256 unstagedHeight) {
        currentLength = _head.length;
        unstagedHeight = FlowTreeLib.levels(currentLength);
    }

    /// @inheritdoc IFlow
    function computeFlowRoot() external view returns (bytes32) {
        return _root(_head.submissions);
    }

    /// @inheritdoc IFlow
    function numSubmissions() external view returns (uint256) {
        return _head.submissions;
    }

    /// @inheritdoc IFlow
    function submissionIndex() external view returns (uint256) {
        return _head.submissions;
    }

    // ---- epochs and mining contexts ------------------------------------------------------------------------------

    /// @inheritdoc IFlow
    function makeContext() external {
        _makeContext();
    }

    /// @inheritdoc IFlow
    function makeContextFixedTimes(uint256) external {
        _makeContext();
    }

    /// @inheritdoc IFlow
    function makeContextWithResult() external returns (MineContext memory) {
        _makeContext();
        return getContext();
    }

    /// @inheritdoc IFlow
    function queryContextAtPosition(
        uint128 targetPosition
    ) external returns (EpochRangeWithContextDigest memory range) {
        _makeContext();
        Head memory head = _head;
        if (targetPosition >= head.length) revert PositionBeyondFlow(targetPosition, head.length);
        if (targetPosition >= head.sealedLength) revert NotSealedYet(targetPosition);

        // Ranges are contiguous from 0 to sealedLength, so the first one that ends beyond the position holds it.
        uint256 low = 0;
        uint256 high = _sealers.length - 1;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_ranges[_sealers[middle]].end > targetPosition) high = middle;
            else low = middle + 1;
        }
        return getEpochRangeHistory(low);
    }

    /// @inheritdoc IFlow
    function getEpochRange(bytes32 digest) external view returns (EpochRange memory) {
        return _ranges[digest];
    }

    /// @inheritdoc IFlow
    function epoch() external view returns (uint256) {
        return _head.epoch;
    }

    /// @inheritdoc IFlow
    function epochStartPosition() external view returns (uint256) {
        return _head.sealedLength;
    }

    /// @inheritdoc IFlow
    function getEpochRangeHistory(uint256 index) public view returns (EpochRangeWithContextDigest memory) {
        bytes32 digest = _sealers[index];
        EpochRange memory range = _ranges[digest];
        return EpochRangeWithContextDigest({start: range.start, end: range.end, digest: digest});
    }

    /// @inheritdoc IFlow
    function getContext() public view returns (MineContext memory) {
        Head memory head = _head;
        return
            MineContext({
                epoch: head.epoch,
                mineStart: firstBlock + head.epoch * blocksPerEpoch,
                flowRoot: _contextRoot,
                flowLength: head.contextLength,
                blockDigest: _contextBlockDigest,
                digest: _contextDigest
            });
    }

    // ---- inside ------------------------------------------------------------------------------------------------

    function _submit(
        Submission calldata submission
    ) private returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 length) {
        Head memory head = _roll();
        FlowTree memory log = FlowTreeLib.load(_peaks, head.length);
        uint256 before = head.length;
        index = head.submissions;
        (digest, startIndex, length) = _append(head, log, submission);
        _save(head, log);

        uint256 price = IFixedPrice(market).pricePerSector();
        uint256 fee = price * length;
        if (fee > msg.value) revert NotEnoughFee(price, length, msg.value);
        IFixedPrice(market).chargeFee{value: fee}(before, length, startIndex - before);
        _refund(fee);
    }

    /// @dev Checks an entry, appends it to the tree in memory, keeps the root and tells the world. The caller saves.
    function _append(
        Head memory head,
        FlowTree memory log,
        Submission calldata submission
    ) private returns (bytes32 digest, uint256 startIndex, uint256 length) {
        (length, digest) = SubmissionLib.check(submission.data);

        uint256 first = submission.data.nodes[0].height;
        uint256 height = FlowTreeLib.startHeight(log.length, first, length);
        startIndex = FlowTreeLib.alignUp(log.length, height);
        uint256 max = 1 << FlowTreeLib.MAX_HEIGHT;
        if (startIndex + length > max) revert FlowFull(startIndex + length, max);

        log.pad(height);
        for (uint256 i = 0; i < submission.data.nodes.length; ++i) {
            log.append(submission.data.nodes[i].root, submission.data.nodes[i].height);
        }

        uint256 index = head.submissions;
        getFlowRootByTxSeq[index] = log.root();
        // 2^48 entries would take nine thousand years at a thousand a second.
        head.submissions = uint48(index + 1);
        emit Submit(submission.submitter, digest, index, startIndex, length, submission.data);
    }

    function _save(Head memory head, FlowTree memory log) private {
        // At most 2^55: `_append` has checked.
        head.length = uint56(log.length);
        _head = head;
        log.save(_peaks);
    }

    /// @dev Charges a batch entry by entry: each begins where the one before it ended.
    function _pay(uint256 before, uint256[] memory startIndexes, uint256[] memory lengths) private {
        uint256 sectors = 0;
        for (uint256 i = 0; i < lengths.length; ++i) sectors += lengths[i];

        uint256 price = IFixedPrice(market).pricePerSector();
        if (price * sectors > msg.value) revert NotEnoughFee(price, sectors, msg.value);
        for (uint256 i = 0; i < lengths.length; ++i) {
            IFixedPrice(market).chargeFee{value: price * lengths[i]}(before, lengths[i], startIndexes[i] - before);
            before = startIndexes[i] + lengths[i];
        }
        _refund(price * sectors);
    }

    /// @dev Last of all, when everything is written: the caller may do here what it could do after the call.
    function _refund(uint256 fee) private {
        uint256 surplus = msg.value - fee;
        if (surplus == 0) return;
        (bool taken, ) = msg.sender.call{value: surplus}("");
        if (!taken) revert RefundRefused(msg.sender, surplus);
    }

    function _makeContext() private {
        Head memory head = _roll();
        _head = head;
    }

    /// @dev Makes the context of the epoch that has begun, if it is not made yet. The caller stores the head.
    function _roll() private returns (Head memory head) {
        head = _head;
        // The context of epoch e needs the hash of its first block, which is known one block later.
        uint256 begun = block.number == firstBlock ? 0 : (block.number - 1 - firstBlock) / blocksPerEpoch;
        if (begun == head.epoch) return head;

        bytes32 root = _root(head.submissions);
        bytes32 blockDigest = BlockHash.get(firstBlock + begun * blocksPerEpoch);
        bytes32 digest = NO_MINING;
        if (blockDigest == 0) {
            blockDigest = NO_MINING;
        } else {
            digest = keccak256(abi.encode(blockDigest, root, uint256(head.length)));
            _ranges[digest] = EpochRange({start: head.sealedLength, end: head.length});
            _sealers.push(digest);
            head.sealedLength = head.length;
        }
        // Block numbers fit: 2^40 blocks are more than three thousand years at ten a second.
        head.epoch = uint40(begun);
        head.contextLength = head.length;
        _contextRoot = root;
        _contextBlockDigest = blockDigest;
        _contextDigest = digest;

        rootHistory.insert(root);
        emit NewEpoch(msg.sender, begun, root, head.submissions, head.length, digest);
    }

    /// @dev Root of the log with this many entries; the tree of leaf 0 alone has root zero, as has the slot before it.
    function _root(uint256 submissions) private view returns (bytes32) {
        return submissions == 0 ? bytes32(0) : getFlowRootByTxSeq[submissions - 1];
    }

    function _onlySubmitter(address submitter) private view {
        if (submitter == address(0)) revert NoSubmitter();
        if (submitter != msg.sender) revert SubmitterNotCaller(submitter, msg.sender);
    }
}
