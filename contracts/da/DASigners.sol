// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDASigners} from "../interfaces/IDASigners.sol";
import {BLS} from "../libraries/BLS.sol";
import {Domain} from "../libraries/Domain.sol";
import {Checkpoint, History} from "../types/History.sol";
import {G1, G2} from "../types/Points.sol";

/// @title See IDASigners, where every entrance is described
contract DASigners is IDASigners {
    /// @notice Slots; a set of them is one word.
    uint256 public constant MAX_SIGNERS = 200;
    /// @notice Bytes of a socket.
    uint256 public constant MAX_SOCKET = 256;
    /// @notice Epochs from a change to its effect: whoever acts in epoch e meets the sets of e and e + 1 settled.
    uint64 public constant DELAY = 2;

    bytes private constant ATTESTATION_TAG = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    bytes private constant POSSESSION_TAG = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    bytes32 private constant POSSESSION_TYPEHASH = keccak256("Possession(address account,bytes key)");
    bytes32 private constant NAME_HASH = keccak256("0G-DA signers");

    /// @inheritdoc IDASigners
    uint64 public immutable epochBlocks;
    /// @inheritdoc IDASigners
    uint64 public immutable firstBlock;
    /// @inheritdoc IDASigners
    uint96 public immutable minStake;

    /// @inheritdoc IDASigners
    uint256 public signerCount;

    struct Owner {
        address account;
        string socket;
    }

    mapping(uint8 slot => Owner) private _owners;
    mapping(uint8 slot => History) private _slots;
    // Total stake, and hash of the sum of all keys.
    History private _set;
    // The sum itself, of the last checkpoint: registration adds to it.
    G1 private _aggregateKey;
    // Slot + 1, so that 0 is nobody.
    mapping(address account => uint256) private _slotPlusOne;
    mapping(bytes32 keyHash => uint256) private _keySlotPlusOne;

    constructor(uint64 epochBlocks_, uint96 minStake_) {
        // Without a stake a registration would be free, and slots are few.
        if (epochBlocks_ == 0 || minStake_ == 0) revert ZeroParameter();
        epochBlocks = epochBlocks_;
        minStake = minStake_;
        firstBlock = uint64(block.number);
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
        if (_slotPlusOne[msg.sender] != 0) revert AlreadyRegistered(msg.sender, uint8(_slotPlusOne[msg.sender] - 1));
        if (signerCount == MAX_SIGNERS) revert NoFreeSlot(MAX_SIGNERS);
        G1 memory point = key;
        bytes32 keyHash = point.hash();
        if (_keySlotPlusOne[keyHash] != 0) revert KeyInUse(uint8(_keySlotPlusOne[keyHash] - 1));
        bytes memory message = abi.encodePacked(_possessionMessage(msg.sender, keyHash));
        // The pairing checks the key too: canonical, on the curve, in the subgroup.
        if (!BLS.verify(point, proofOfPossession, message, POSSESSION_TAG)) revert PossessionNotProved(msg.sender);

        slot = uint8(signerCount);
        G1 memory sum = slot == 0 ? point : BLS.add(_aggregateKey, point);
        uint64 fromEpoch = currentEpoch() + DELAY;

        signerCount = uint256(slot) + 1;
        _slotPlusOne[msg.sender] = uint256(slot) + 1;
        _keySlotPlusOne[keyHash] = uint256(slot) + 1;
        _owners[slot] = Owner(msg.sender, socket);
        _slots[slot].append(fromEpoch, keyHash, stake);
        _set.append(fromEpoch, sum.hash(), _set.latest().stake + stake);
        _aggregateKey = sum;
        emit Registered(slot, msg.sender, key, stake, fromEpoch, socket);
    }

    /// @inheritdoc IDASigners
    function deposit(uint8 slot) external payable {
        uint96 amount = _amount(msg.value);
        if (amount == 0) revert StakeTooLow(0, 1);
        if (slot >= signerCount) revert UnknownSlot(slot);

        Checkpoint memory own = _slots[slot].latest();
        Checkpoint memory set = _set.latest();
        uint64 fromEpoch = currentEpoch() + DELAY;

        _slots[slot].append(fromEpoch, own.keyHash, own.stake + amount);
        _set.append(fromEpoch, set.keyHash, set.stake + amount);
        emit Deposited(slot, own.stake + amount, fromEpoch);
    }

    /// @inheritdoc IDASigners
    function updateSocket(string calldata socket) external {
        uint8 slot = slotOf(msg.sender);
        _checkSocket(socket);
        _owners[slot].socket = socket;
        emit SocketUpdated(slot, socket);
    }

    /// @inheritdoc IDASigners
    function verify(
        uint64 epoch,
        bytes32 message,
        Attestation calldata attestation
    ) external view returns (uint96 signedStake, uint96 totalStake) {
        Checkpoint memory set = _set.covering(attestation.setHint, epoch);
        G1 memory key = attestation.aggregateKey;
        bytes32 given = key.hash();
        if (given != set.keyHash) revert AggregateKeyMismatch(given, set.keyHash);

        totalStake = set.stake;
        signedStake = totalStake;
        if (attestation.absent.length != 0) {
            (G1 memory absentKey, uint96 absentStake) = _sumOf(attestation.absent, epoch);
            key = BLS.add(key, absentKey.negate());
            signedStake -= absentStake;
        }
        if (!BLS.verify(key, attestation.signature, abi.encodePacked(message), ATTESTATION_TAG))
            revert SignatureInvalid();
    }

    /// @inheritdoc IDASigners
    function signer(uint8 slot) external view returns (Signer memory) {
        if (slot >= signerCount) revert UnknownSlot(slot);
        Owner storage owner = _owners[slot];
        Checkpoint memory last = _slots[slot].latest();
        return Signer(owner.account, last.keyHash, last.stake, owner.socket);
    }

    /// @inheritdoc IDASigners
    function setAt(uint64 epoch, uint256 hint) external view returns (uint96 totalStake, bytes32 aggregateKeyHash) {
        Checkpoint memory set = _set.covering(hint, epoch);
        return (set.stake, set.keyHash);
    }

    /// @inheritdoc IDASigners
    function slotAt(uint8 slot, uint64 epoch, uint256 hint) external view returns (uint96 stake, bytes32 keyHash) {
        Checkpoint memory own = _slots[slot].covering(hint, epoch);
        return (own.stake, own.keyHash);
    }

    /// @inheritdoc IDASigners
    function findSet(uint64 epoch) external view returns (uint256 hint) {
        return _set.find(epoch);
    }

    /// @inheritdoc IDASigners
    function findSlot(uint8 slot, uint64 epoch) external view returns (uint256 hint) {
        return _slots[slot].find(epoch);
    }

    /// @inheritdoc IDASigners
    function currentSet() external view returns (uint64 epoch, uint96 totalStake) {
        epoch = currentEpoch();
        uint256 count = _set.countUpTo(epoch);
        if (count != 0) totalStake = _set.points[count - 1].stake;
    }

    /// @inheritdoc IDASigners
    function aggregateKey() external view returns (G1 memory) {
        return _aggregateKey;
    }

    /// @inheritdoc IDASigners
    function possessionMessage(address account, G1 calldata key) external view returns (bytes32) {
        G1 memory point = key;
        return _possessionMessage(account, point.hash());
    }

    /// @inheritdoc IDASigners
    function slotOf(address account) public view returns (uint8) {
        uint256 slotPlusOne = _slotPlusOne[account];
        if (slotPlusOne == 0) revert NotRegistered(account);
        return uint8(slotPlusOne - 1);
    }

    /// @inheritdoc IDASigners
    function currentEpoch() public view returns (uint64) {
        return epochAt(block.number);
    }

    /// @inheritdoc IDASigners
    function epochAt(uint256 blockNumber) public view returns (uint64) {
        if (blockNumber < firstBlock) revert BeforeFirstBlock(blockNumber, firstBlock);
        return uint64((blockNumber - firstBlock) / epochBlocks);
    }

    /// @dev Keys and stake of those absent. Each slot's key is on record for the epoch, so each sum is of keys that are
    /// in the aggregate, once.
    function _sumOf(NonSigner[] calldata absent, uint64 epoch) private view returns (G1 memory key, uint96 stake) {
        uint8 previous;
        for (uint256 i = 0; i < absent.length; ++i) {
            NonSigner calldata a = absent[i];
            if (i != 0 && a.slot <= previous) revert SlotsNotAscending(previous, a.slot);
            previous = a.slot;
            Checkpoint memory own = _slots[a.slot].covering(a.hint, epoch);
            G1 memory point = a.key;
            bytes32 given = point.hash();
            if (given != own.keyHash) revert KeyMismatch(a.slot, given, own.keyHash);
            key = i == 0 ? point : BLS.add(key, point);
            stake += own.stake;
        }
    }

    function _possessionMessage(address account, bytes32 keyHash) private view returns (bytes32) {
        return keccak256(abi.encode(POSSESSION_TYPEHASH, Domain.separator(NAME_HASH), account, keyHash));
    }

    function _checkSocket(string calldata socket) private pure {
        uint256 length = bytes(socket).length;
        if (length == 0 || length > MAX_SOCKET) revert SocketLength(length, MAX_SOCKET);
    }

    /// @dev 2^96 wei are more than any supply, a devnet's gifts excepted; sums of stakes are checked arithmetic.
    function _amount(uint256 value) private pure returns (uint96) {
        if (value > type(uint96).max) revert StakeTooHigh(value, type(uint96).max);
        return uint96(value);
    }
}
