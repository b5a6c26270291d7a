// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../interfaces/IDAEntrance.sol";
import {IDAPartner} from "../interfaces/IDAPartner.sol";
import {IDASampling} from "../interfaces/IDASampling.sol";
import {IDASigners} from "../interfaces/IDASigners.sol";
import {BatchRows} from "../libraries/BatchRows.sol";
import {BLS} from "../libraries/BLS.sol";
import {Domain} from "../libraries/Domain.sol";
import {Draw} from "../libraries/Draw.sol";
import {Lottery} from "../libraries/Lottery.sol";
import {Rounds} from "../libraries/Rounds.sol";
import {RowTree} from "../libraries/RowTree.sol";
import {G1, G2} from "../types/Points.sol";
import {Round} from "../types/Round.sol";

/// @title See IDASampling, where every entrance is described
contract DASampling is IDASampling {
    using Rounds for Round[];

    /// @dev With four samples and a fee of at most four prizes no ticket's chance is above 1.
    uint256 private constant LEAST_SAMPLES = 4;
    uint256 private constant BPS = 10_000;
    /// @dev Confirmation comes at most so long after the epoch's stake began to unbond: DAEntrance refuses longer windows.
    uint256 private constant MAX_CONFIRM_WINDOW = 250;
    uint256 private constant TICKET_BITS = 16;

    struct Bet {
        uint256 stake;
        uint256 totalStake;
        uint256 fee;
        uint256 prize;
        bytes32 keyHash;
    }

    bytes private constant ATTESTATION_TAG = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256("Attestation(bytes32 batchId,uint64 epoch,bytes32 seed)");
    bytes32 private constant NAME_HASH = keccak256("0G-DA");

    /// @inheritdoc IDAPartner
    address public immutable entrance;
    /// @inheritdoc IDASampling
    address public immutable signers;
    /// @inheritdoc IDASampling
    uint64 public immutable firstBlock;

    uint256 private immutable _samples;
    uint256 private immutable _claimWindow;
    uint256 private immutable _auditWindow;
    uint256 private immutable _slashWindow;
    uint256 private immutable _auditBps;
    uint256 private immutable _roundBlocks;
    uint256 private immutable _targetClaims;
    uint256 private immutable _minPrize;

    /// @inheritdoc IDASampling
    mapping(bytes32 batchId => uint256) public paidTickets;
    /// @inheritdoc IDASampling
    mapping(bytes32 batchId => uint256) public settledOf;

    Round[] private _rounds;

    /// @param entrance_ created after this contract; checks that it is this one's partner
    constructor(address entrance_, address signers_, Terms memory t) {
        _inRange(t.samples, LEAST_SAMPLES, RowTree.CELLS);
        _inRange(t.claimWindow, 1, type(uint32).max);
        _inRange(t.auditWindow, 1, type(uint32).max);
        _inRange(t.slashWindow, 1, type(uint32).max);
        _inRange(t.auditBps, 1, BPS);
        _inRange(t.roundBlocks, 1, type(uint32).max);
        _inRange(t.targetClaims, 1, type(uint16).max);
        _inRange(t.minPrize, 1, Lottery.MOST_PRIZE);
        if (signers_.code.length == 0) revert NoCode(signers_);
        address partner = IDASigners(signers_).sampling();
        if (partner != address(this)) revert WrongPartner(signers_, partner, address(this));
        // Who signs in its last epoch unbonds from that epoch's end on.
        uint256 blamable = MAX_CONFIRM_WINDOW + t.auditWindow + t.slashWindow;
        uint256 unbonding = IDASigners(signers_).unbonding();
        if (unbonding < blamable) revert UnbondingTooShort(unbonding, blamable);

        (entrance, signers, firstBlock) = (entrance_, signers_, uint64(block.number));
        (_samples, _auditBps) = (t.samples, t.auditBps);
        (_claimWindow, _auditWindow, _slashWindow) = (t.claimWindow, t.auditWindow, t.slashWindow);
        (_roundBlocks, _targetClaims, _minPrize) = (t.roundBlocks, t.targetClaims, t.minPrize);
        _rounds.push(Round({number: 0, prize: t.minPrize, claims: 0}));
    }

    /// @inheritdoc IDASampling
    function claimSample(Attested calldata attested, Ticket calldata ticket, Shown calldata shown) external {
        if (ticket.index >= _samples) revert SampleOutOfRange(ticket.index, _samples);
        IDAEntrance.BatchRecord memory batch = _confirmed(attested.batchId, attested.certificate);
        uint256 last = batch.confirmBlock + _claimWindow;
        if (block.number > last) revert WindowClosed(block.number, last);
        Bet memory bet = _betOf(attested, ticket, batch);
        uint256 paidBefore = paidTickets[attested.batchId];
        _checkUnpaid(attested, ticket.index, paidBefore, Lottery.mostPrizes(bet.fee, bet.prize));
        bytes32 signatureHash = keccak256(abi.encode(attested.signature));
        _checkWins(attested.batchId, signatureHash, ticket.index, shown.cell, bet);
        uint256 row = Draw.row(signatureHash, ticket.index, batch.rowCount);
        _checkCell(attested.signature, ticket.index, row, batch, shown);
        _checkSignature(attested, batch.epoch, bet.keyHash);

        paidTickets[attested.batchId] = (paidBefore << TICKET_BITS) | _ticketCode(attested.slot, ticket.index);
        _rounds.count(roundOf(block.number), _rule());

        address account = IDASigners(signers).accountOf(bet.keyHash);
        uint256 paid = IDAEntrance(entrance).paySample(account, bet.prize);
        if (paid == 0) revert PoolEmpty();
        emit SampleClaimed(attested.batchId, attested.slot, account, ticket.index, bet.prize, paid);
    }

    /// @inheritdoc IDASampling
    function answerAudit(Attested calldata attested, Shown calldata shown) external {
        IDAEntrance.BatchRecord memory batch = _confirmed(attested.batchId, attested.certificate);
        uint256 last = batch.confirmBlock + _auditWindow;
        if (block.number > last) revert WindowClosed(block.number, last);
        bytes32 keyHash = _asked(attested.batchId, batch, attested.certificate, attested.slot, attested.slotHint);
        bytes32 auditSeed = attested.certificate.auditSeed;
        (uint256 index, uint256 row) = Draw.auditedCell(auditSeed, attested.slot, _samples, batch.rowCount);
        _checkCell(attested.signature, index, row, batch, shown);
        _checkSignature(attested, batch.epoch, keyHash);

        settledOf[attested.batchId] |= 1 << attested.slot;
        emit AuditAnswered(attested.batchId, attested.slot);
    }

    /// @inheritdoc IDASampling
    function slashSilent(
        bytes32 batchId,
        IDAEntrance.Certificate calldata certificate,
        uint8 slot,
        uint32 slotHint
    ) external returns (uint96 amount) {
        IDAEntrance.BatchRecord memory batch = _confirmed(batchId, certificate);
        uint256 answered = batch.confirmBlock + _auditWindow;
        if (block.number <= answered) revert WindowNotOpen(block.number, answered + 1);
        if (block.number > answered + _slashWindow) revert WindowClosed(block.number, answered + _slashWindow);
        _asked(batchId, batch, certificate, slot, slotHint);

        settledOf[batchId] |= 1 << slot;

        amount = IDASigners(signers).slash(slot, batch.epoch, slotHint, msg.sender);
        emit SilenceSlashed(batchId, slot, msg.sender, amount);
    }

    /// @inheritdoc IDASampling
    function currentRound() external view returns (uint256 round, uint256 prize, uint256 claimsLeft) {
        round = roundOf(block.number);
        uint256 hint = _rounds.length - 1;
        prize = _prizeIn(round, hint);
        claimsLeft = 2 * _targetClaims;
        if (_rounds[hint].number == round) claimsLeft -= _rounds[hint].claims;
    }

    /// @inheritdoc IDASampling
    function prizeAt(uint256 round) external view returns (uint256) {
        uint256 running = roundOf(block.number);
        if (round > running) revert WindowNotOpen(block.number, firstBlock + round * _roundBlocks);
        return _prizeIn(round, _rounds.find(round));
    }

    /// @inheritdoc IDASampling
    function findRound(uint256 blockNumber) external view returns (uint256 hint) {
        return _rounds.find(roundOf(blockNumber));
    }

    /// @inheritdoc IDASampling
    function roundEntry(uint256 hint) external view returns (Round memory) {
        return _rounds[hint];
    }

    /// @inheritdoc IDASampling
    function terms() external view returns (Terms memory t) {
        // All fitted when they were set.
        (t.samples, t.auditBps, t.targetClaims) = (uint8(_samples), uint16(_auditBps), uint16(_targetClaims));
        (t.claimWindow, t.auditWindow) = (uint32(_claimWindow), uint32(_auditWindow));
        (t.slashWindow, t.roundBlocks) = (uint32(_slashWindow), uint32(_roundBlocks));
        t.minPrize = uint88(_minPrize);
    }

    /// @inheritdoc IDASampling
    function roundOf(uint256 blockNumber) public view returns (uint256) {
        return (blockNumber - firstBlock) / _roundBlocks;
    }

    /// @dev The record of a confirmed batch whose certificate is this one.
    function _confirmed(
        bytes32 batchId,
        IDAEntrance.Certificate calldata certificate
    ) private view returns (IDAEntrance.BatchRecord memory batch) {
        batch = IDAEntrance(entrance).record(batchId);
        if (batch.confirmBlock == 0) revert NotConfirmed(batchId);
        bytes32 given = keccak256(abi.encode(certificate));
        if (given != batch.certificate) revert CertificateMismatch(given, batch.certificate);
    }

    function _signer(uint8 slot, uint64 epoch, uint32 hint) private view returns (uint96 stake, bytes32 keyHash) {
        (stake, keyHash) = IDASigners(signers).slotAt(slot, epoch, hint);
        if (stake == 0) revert NotASigner(slot, epoch);
    }

    /// @dev The key of a slot that signed, is asked, and has neither answered nor been punished.
    function _asked(
        bytes32 batchId,
        IDAEntrance.BatchRecord memory batch,
        IDAEntrance.Certificate calldata certificate,
        uint8 slot,
        uint32 slotHint
    ) private view returns (bytes32 keyHash) {
        if (!Draw.audited(certificate.auditSeed, slot, _auditBps)) revert NotAudited(batchId, slot);
        if ((certificate.absent >> slot) & 1 == 1) revert DidNotSign(batchId, slot);
        if ((settledOf[batchId] >> slot) & 1 == 1) revert AlreadySettled(batchId, slot);
        (, keyHash) = _signer(slot, batch.epoch, slotHint);
    }

    function _prizeIn(uint256 round, uint256 hint) private view returns (uint256) {
        return _rounds.prizeIn(round, hint, _rule());
    }

    function _rule() private view returns (Rounds.Rule memory) {
        return Rounds.Rule({wanted: _targetClaims, least: _minPrize});
    }

    /// @dev What is staked on a ticket, and what it can win.
    function _betOf(
        Attested calldata attested,
        Ticket calldata ticket,
        IDAEntrance.BatchRecord memory batch
    ) private view returns (Bet memory bet) {
        (bet.stake, bet.keyHash) = _signer(attested.slot, batch.epoch, attested.slotHint);
        (bet.totalStake, ) = IDASigners(signers).setAt(batch.epoch, ticket.setHint);
        bet.fee = uint256(IDAEntrance(entrance).daFeePerRow()) * batch.rowCount;
        bet.prize = Lottery.prizeOf(_prizeIn(roundOf(batch.submitBlock), ticket.roundHint), bet.fee);
    }

    function _checkWins(
        bytes32 batchId,
        bytes32 signatureHash,
        uint8 index,
        bytes calldata cell,
        Bet memory bet
    ) private view {
        bytes32 quality = Lottery.quality(batchId, signatureHash, index, cell);
        if (!Lottery.wins(quality, bet.fee, bet.stake, bet.totalStake, _samples, bet.prize)) revert NotWinning(quality);
    }

    /// @dev The key is the slot's, and it signed what DAEntrance had signed: batch, epoch and seed of this certificate.
    function _checkSignature(Attested calldata attested, uint64 epoch, bytes32 keyHash) private view {
        G1 memory key = attested.key;
        bytes32 given = key.hash();
        if (given != keyHash) revert KeyMismatch(attested.slot, given, keyHash);
        bytes32 domain = Domain.separator(NAME_HASH, entrance);
        bytes32 seed = attested.certificate.seed;
        bytes32 message = keccak256(abi.encode(ATTESTATION_TYPEHASH, domain, attested.batchId, epoch, seed));
        if (!BLS.verify(key, attested.signature, abi.encodePacked(message), ATTESTATION_TAG)) revert SignatureInvalid();
    }

    /// @dev The cell is the batch's, in this row, in the column that the signature draws as sample `index`.
    function _checkCell(
        G2 calldata signature,
        uint256 index,
        uint256 row,
        IDAEntrance.BatchRecord memory batch,
        Shown calldata shown
    ) private pure {
        uint256 column = Draw.column(signature, index);
        bytes32 root = RowTree.cellRoot(shown.cell);
        BatchRows.checkCell(root, row, column, batch.rowCount, batch.rowsRoot, shown.proof);
    }

    /// @dev Looks through the word of paid tickets: it has `most` at most, and that is at most 16.
    function _checkUnpaid(Attested calldata attested, uint8 index, uint256 paid, uint256 most) private pure {
        uint256 code = _ticketCode(attested.slot, index);
        uint256 count = 0;
        for (uint256 rest = paid; rest != 0; rest >>= TICKET_BITS) {
            if (rest & type(uint16).max == code) revert AlreadyClaimed(attested.batchId, attested.slot, index);
            ++count;
        }
        if (count >= most) revert BatchSpent(attested.batchId, count);
    }

    /// @dev Never 0: an empty place is.
    function _ticketCode(uint8 slot, uint8 index) private pure returns (uint256) {
        return uint256(slot) * RowTree.CELLS + index + 1;
    }

    function _inRange(uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert ParameterOutOfRange(value, least, most);
    }
}
