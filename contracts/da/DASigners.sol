// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDASigners} from "../interfaces/IDASigners.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {StakeRules} from "../libraries/StakeRules.sol";
import {Account} from "../types/Account.sol";
import {Checkpoint} from "../types/History.sol";
import {G1, G2} from "../types/Points.sol";
import {SignerSets} from "./SignerSets.sol";

/// @title See IDASigners, where every entrance is described
contract DASigners is SignerSets {
    /// @notice Bytes of a socket.
    uint256 public constant MAX_SOCKET = 256;

    /// @inheritdoc IDASigners
    uint96 public immutable minStake;
    /// @inheritdoc IDASigners
    uint64 public immutable leaseEpochs;
    /// @inheritdoc IDASigners
    uint64 public immutable unbonding;
    /// @inheritdoc IDASigners
    uint64 public immutable jailBlocks;
    /// @inheritdoc IDASigners
    uint256 public immutable slashBps;
    /// @inheritdoc IDASigners
    uint256 public immutable reporterBps;
    /// @inheritdoc IDASigners
    address public immutable sampling;

    /// @dev One word, because who looks for the lowest stake reads all of them.
    struct Seat {
        address account;
        uint96 stake;
    }

    uint200 private _taken;
    uint8 private _everTaken;
    /// @inheritdoc IDASigners
    uint256 public burnt;
    Seat[MAX_SIGNERS] private _seats;
    mapping(address account => Account) private _accounts;
    mapping(address account => string) private _sockets;

    constructor(Terms memory terms, address sampling_) SignerSets(terms.epochBlocks) {
        // Without a stake a registration would be free, and slots are few.
        if (terms.minStake == 0 || terms.leaseEpochs == 0 || terms.unbonding == 0) revert ZeroParameter();
        if (sampling_ == address(0)) revert ZeroParameter();
        _checkRate(terms.slashBps);
        _checkRate(terms.reporterBps);
        minStake = terms.minStake;
        leaseEpochs = terms.leaseEpochs;
        unbonding = terms.unbonding;
        jailBlocks = terms.jailBlocks;
        slashBps = terms.slashBps;
        reporterBps = terms.reporterBps;
        sampling = sampling_;
    }

    /// @inheritdoc IDASigners
    function register(
        G1 calldata key,
        G2 calldata proofOfPossession,
        string calldata socket
    ) external payable returns (uint8 slot) {
        uint96 stake = _amount(msg.value);
        if (stake < minStake) revert StakeTooLow(stake, minStake);
        _checkSocket(socket);
        Account storage account = _accounts[msg.sender];
        if (account.slotPlusOne != 0) revert AlreadyRegistered(msg.sender, uint8(account.slotPlusOne - 1));
        if (block.number < account.jailedUntil) revert Jailed(msg.sender, block.number, account.jailedUntil);
        slot = _slotFor(stake);
        bytes32 keyHash = _checkKey(key, proofOfPossession, msg.sender);

        Seat memory replaced = _seats[slot];
        _keep(keyHash, key, msg.sender);
        _take(slot);
        _seats[slot] = Seat(msg.sender, stake);
        account.slotPlusOne = uint16(slot) + 1;
        account.leaseEnd = currentEpoch() + leaseEpochs;
        _sockets[msg.sender] = socket;
        uint64 fromEpoch = _put(slot, keyHash, stake);
        if (replaced.account != address(0)) _release(slot, replaced, fromEpoch, Departure.Replacement);
        emit Registered(slot, msg.sender, key, stake, fromEpoch, socket);
    }

    /// @inheritdoc IDASigners
    function deposit(address account) external payable {
        uint96 amount = _amount(msg.value);
        if (amount == 0) revert StakeTooLow(0, 1);
        uint8 slot = slotOf(account);

        uint96 stake = _seats[slot].stake + amount;
        _seats[slot].stake = stake;
        uint64 fromEpoch = _put(slot, _latest(slot).keyHash, stake);
        emit Deposited(slot, account, stake, fromEpoch);
    }

    /// @inheritdoc IDASigners
    function renew() external {
        uint8 slot = slotOf(msg.sender);
        uint64 leaseEnd = currentEpoch() + leaseEpochs;
        _accounts[msg.sender].leaseEnd = leaseEnd;
        emit Renewed(slot, msg.sender, leaseEnd);
    }

    /// @inheritdoc IDASigners
    function lapse(uint8 slot) external {
        if (!_isTaken(slot)) revert UnknownSlot(slot);
        (uint64 epoch, uint64 leaseEnd) = (currentEpoch(), _accounts[_seats[slot].account].leaseEnd);
        if (epoch <= leaseEnd) revert LeaseNotOver(slot, epoch, leaseEnd);
        _vacate(slot, Departure.Lapse);
    }

    /// @inheritdoc IDASigners
    function rotateKey(G1 calldata key, G2 calldata proofOfPossession) external {
        uint8 slot = slotOf(msg.sender);
        bytes32 keyHash = _checkKey(key, proofOfPossession, msg.sender);
        if (keyHash == _latest(slot).keyHash) revert SameKey(keyHash);

        _keep(keyHash, key, msg.sender);
        uint64 fromEpoch = _put(slot, keyHash, _seats[slot].stake);
        emit KeyRotated(slot, msg.sender, key, fromEpoch);
    }

    /// @inheritdoc IDASigners
    function requestWithdraw(uint96 amount) external {
        uint8 slot = slotOf(msg.sender);
        uint96 stake = _seats[slot].stake;
        if (amount == 0) revert StakeTooLow(0, 1);
        if (amount > stake) revert StakeTooHigh(amount, stake);
        if (amount == stake) {
            _vacate(slot, Departure.Exit);
            return;
        }
        uint96 rest = stake - amount;
        if (rest < minStake) revert StakeTooLow(rest, minStake);

        _seats[slot].stake = rest;
        uint64 fromEpoch = _put(slot, _latest(slot).keyHash, rest);
        uint64 releaseBlock = _unbond(msg.sender, amount, fromEpoch);
        emit StakeReduced(slot, msg.sender, rest, fromEpoch, amount, releaseBlock);
    }

    /// @inheritdoc IDASigners
    function withdraw(address payable to) external {
        uint256 amount = _accounts[msg.sender].empty();
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        emit Withdrawn(msg.sender, to, amount);
        // The credit is gone before the call: a receiver that calls back finds nothing.
        (bool success, ) = to.call{value: amount}("");
        if (!success) revert WithdrawalRefused(to, amount);
    }

    /// @inheritdoc IDASigners
    function updateSocket(string calldata socket) external {
        _checkSocket(socket);
        // Who registered once has a socket, and may still count.
        if (bytes(_sockets[msg.sender]).length == 0) revert NotRegistered(msg.sender);
        _sockets[msg.sender] = socket;
        emit SocketUpdated(msg.sender, socket);
    }

    /// @inheritdoc IDASigners
    function slash(uint8 slot, uint64 epoch, uint32 hint, address reporter) external returns (uint96 amount) {
        if (msg.sender != sampling) revert NotSampling(msg.sender);
        Checkpoint memory then = _counted(slot, epoch, hint);
        address account = accountOf[then.keyHash];
        Account storage own = _accounts[account];

        // It leaves the slot in which it is now, which may be another one: all it has left is unbonding.
        if (own.slotPlusOne != 0) _vacate(uint8(own.slotPlusOne - 1), Departure.Jail);
        own.settle();
        // No more than was staked or unbonding: these are 96 bits.
        amount = uint96(StakeRules.penalty(then.stake, own.unbonding, slashBps));
        (uint256 reward, uint256 lost) = StakeRules.split(amount, reporterBps);
        uint64 jailedUntil = uint64(block.number) + jailBlocks;
        (own.unbonding, own.jailedUntil) = (own.unbonding - amount, jailedUntil);
        _accounts[reporter].credit += uint128(reward);
        burnt += lost;
        emit Slashed(account, slot, epoch, amount, reporter, uint96(reward), jailedUntil);
    }

    /// @inheritdoc IDASigners
    function signer(uint8 slot) external view returns (Signer memory) {
        if (!_isTaken(slot)) revert UnknownSlot(slot);
        Seat memory seat = _seats[slot];
        uint64 leaseEnd = _accounts[seat.account].leaseEnd;
        return Signer(seat.account, _latest(slot).keyHash, seat.stake, leaseEnd, _sockets[seat.account]);
    }

    /// @inheritdoc IDASigners
    function bondOf(address account) external view returns (Bond memory bond) {
        Account memory own = _accounts[account];
        if (own.slotPlusOne != 0) bond.staked = _seats[own.slotPlusOne - 1].stake;
        bond.unbonding = own.slashable();
        bond.releaseBlock = own.releaseBlock;
        bond.withdrawable = own.withdrawable();
        bond.jailedUntil = own.jailedUntil;
    }

    /// @inheritdoc IDASigners
    function signerCount() external view returns (uint256) {
        return _everTaken;
    }

    /// @inheritdoc IDASigners
    function takenSlots() external view returns (uint256) {
        return _taken;
    }

    /// @inheritdoc IDASigners
    function slotOf(address account) public view returns (uint8) {
        uint256 slotPlusOne = _accounts[account].slotPlusOne;
        if (slotPlusOne == 0) revert NotRegistered(account);
        return uint8(slotPlusOne - 1);
    }

    /// @inheritdoc IDASigners
    function socketOf(address account) public view override(SignerSets) returns (string memory) {
        return _sockets[account];
    }

    /// @dev The slot becomes free, and who had it unbonds.
    function _vacate(uint8 slot, Departure departure) private {
        Seat memory seat = _seats[slot];
        delete _seats[slot];
        _taken &= ~(uint200(1) << slot);
        uint64 fromEpoch = _put(slot, 0, 0);
        _release(slot, seat, fromEpoch, departure);
    }

    /// @dev Who had the slot has it no longer, and its stake unbonds.
    function _release(uint8 slot, Seat memory seat, uint64 fromEpoch, Departure departure) private {
        _accounts[seat.account].slotPlusOne = 0;
        uint64 releaseBlock = _unbond(seat.account, seat.stake, fromEpoch);
        emit Left(slot, seat.account, departure, seat.stake, fromEpoch, releaseBlock);
    }

    /// @dev Epochs ascend, so that this date is the latest so far.
    function _unbond(address account, uint96 amount, uint64 fromEpoch) private returns (uint64 releaseBlock) {
        releaseBlock = _epochStart(fromEpoch) + unbonding;
        _accounts[account].unbond(amount, releaseBlock);
    }

    function _take(uint8 slot) private {
        _taken |= uint200(1) << slot;
        // The lowest free slot is at most one above all that ever were taken.
        if (slot == _everTaken) _everTaken = slot + 1;
    }

    /// @dev The lowest free slot, or that of the lowest stake if this one may replace it.
    function _slotFor(uint96 stake) private view returns (uint8) {
        uint256 free = Bitmap.lowestZero(_taken);
        if (free < MAX_SIGNERS) return uint8(free);
        (uint8 lowest, uint96 least) = (0, type(uint96).max);
        for (uint256 slot = 0; slot < MAX_SIGNERS; ++slot) {
            uint96 other = _seats[slot].stake;
            if (other < least) (lowest, least) = (uint8(slot), other);
        }
        uint256 required = StakeRules.toReplace(least);
        if (stake < required) revert NoFreeSlot(lowest, stake, required);
        return lowest;
    }

    function _isTaken(uint8 slot) private view returns (bool) {
        return (uint256(_taken) >> slot) & 1 == 1;
    }

    function _checkSocket(string calldata socket) private pure {
        uint256 length = bytes(socket).length;
        if (length == 0 || length > MAX_SOCKET) revert SocketLength(length, MAX_SOCKET);
    }

    function _checkRate(uint256 bps) private pure {
        if (bps > StakeRules.BPS) revert RateTooHigh(bps, StakeRules.BPS);
    }

    /// @dev 2^96 wei are more than any supply, a devnet's gifts excepted; sums of stakes are checked arithmetic.
    function _amount(uint256 value) private pure returns (uint96) {
        if (value > type(uint96).max) revert StakeTooHigh(value, type(uint96).max);
        return uint96(value);
    }
}
