// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDASigners} from "../interfaces/IDASigners.sol";
import {BLS} from "../libraries/BLS.sol";
import {Domain} from "../libraries/Domain.sol";
import {Checkpoint, History} from "../types/History.sol";
import {G1, G2, PackedG1} from "../types/Points.sol";

/// @title The part of DASigners that knows keys and epochs, and no money: who counts when, and what they signed
abstract contract SignerSets is IDASigners {
    /// @notice Slots; a set of them is one word.
    uint256 public constant MAX_SIGNERS = 200;
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
    mapping(bytes32 keyHash => address) public accountOf;
    // So that whoever leaves can be subtracted from the sum by anyone, with nobody bringing its key.
    mapping(bytes32 keyHash => PackedG1) private _keys;
    mapping(uint256 slot => History) private _slots;
    // Total stake, and hash of the sum of all keys.
    History private _set;
    // The sum itself, of the last checkpoint: whoever comes or goes is added to it or subtracted.
    PackedG1 private _aggregateKey;

    constructor(uint64 epochBlocks_) {
        if (epochBlocks_ == 0) revert ZeroParameter();
        epochBlocks = epochBlocks_;
        firstBlock = uint64(block.number);
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
    function membersAt(uint64 epoch, uint256 from, uint256 to) external view returns (Member[] memory members) {
        members = new Member[](MAX_SIGNERS);
        uint256 count = 0;
        for (uint256 slot = from; slot < to && slot < MAX_SIGNERS; ++slot) {
            (bool found, uint256 hint, Checkpoint memory own) = _memberAt(slot, epoch);
            if (!found) continue;
            address account = accountOf[own.keyHash];
            G1 memory key = _keys[own.keyHash].unpack();
            // A slot is below 200, and no history has 2^32 epochs.
            members[count++] = Member(uint8(slot), uint32(hint), own.stake, account, key, socketOf(account));
        }
        assembly ("memory-safe") {
            mstore(members, count)
        }
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
    function findKey(bytes32 keyHash, uint64 epoch) external view returns (uint8 slot, uint256 hint) {
        for (; slot < MAX_SIGNERS; ++slot) {
            (bool found, uint256 index, Checkpoint memory own) = _memberAt(slot, epoch);
            if (found && own.keyHash == keyHash) return (slot, index);
        }
        revert NotInSet(keyHash, epoch);
    }

    /// @inheritdoc IDASigners
    function currentSet() external view returns (uint64 epoch, uint96 totalStake) {
        epoch = currentEpoch();
        uint256 count = _set.countUpTo(epoch);
        if (count != 0) totalStake = _set.points[count - 1].stake;
    }

    /// @inheritdoc IDASigners
    function aggregateKey() external view returns (G1 memory) {
        return _aggregateKey.unpack();
    }

    /// @inheritdoc IDASigners
    function keyOf(bytes32 keyHash) external view returns (G1 memory) {
        return _keys[keyHash].unpack();
    }

    /// @inheritdoc IDASigners
    function possessionMessage(address account, G1 calldata key) external view returns (bytes32) {
        G1 memory point = key;
        return _possessionMessage(account, point.hash());
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

    /// @inheritdoc IDASigners
    function socketOf(address account) public view virtual returns (string memory);

    /// @dev From the epoch after next on the slot has this key and this stake; both zero: it is free.
    function _put(uint8 slot, bytes32 keyHash, uint96 stake) internal returns (uint64 fromEpoch) {
        fromEpoch = currentEpoch() + DELAY;
        Checkpoint memory own = _slots[slot].latest();
        Checkpoint memory set = _set.latest();
        if (own.keyHash != keyHash) set.keyHash = _exchange(own.keyHash, keyHash);
        _slots[slot].append(fromEpoch, keyHash, stake);
        // The total holds the slot's former stake.
        _set.append(fromEpoch, set.keyHash, set.stake - own.stake + stake);
    }

    /// @dev Records a key for ever as the account's. Idempotent.
    function _keep(bytes32 keyHash, G1 memory key, address account) internal {
        if (accountOf[keyHash] == account) return;
        accountOf[keyHash] = account;
        // The pairing has found its coordinates canonical.
        _keys[keyHash] = key.pack();
    }

    /// @dev The last key and stake of a slot, counting or not.
    function _latest(uint8 slot) internal view returns (Checkpoint memory) {
        return _slots[slot].latest();
    }

    /// @dev Key and stake of who counted in a slot.
    function _counted(uint8 slot, uint64 epoch, uint256 hint) internal view returns (Checkpoint memory own) {
        own = _slots[slot].covering(hint, epoch);
        if (own.stake == 0) revert NoStake(slot, epoch);
    }

    /// @dev The key's hash, if the account may have it and knows its secret.
    function _checkKey(
        G1 memory key,
        G2 calldata proofOfPossession,
        address account
    ) internal view returns (bytes32 keyHash) {
        keyHash = key.hash();
        address owner = accountOf[keyHash];
        if (owner != address(0) && owner != account) revert KeyTaken(keyHash, owner);
        bytes memory message = abi.encodePacked(_possessionMessage(account, keyHash));
        // The pairing checks the key too: canonical, on the curve, in the subgroup.
        if (!BLS.verify(key, proofOfPossession, message, POSSESSION_TAG)) revert PossessionNotProved(account);
    }

    function _epochStart(uint64 epoch) internal view returns (uint64) {
        return firstBlock + epoch * epochBlocks;
    }

    /// @dev Takes one key out of the sum and another one in (zero: none); the hash of the new sum.
    function _exchange(bytes32 leaving, bytes32 coming) private returns (bytes32) {
        G1 memory sum = _aggregateKey.unpack();
        if (leaving != 0) sum = BLS.add(sum, _keys[leaving].unpack().negate());
        if (coming != 0) sum = BLS.add(sum, _keys[coming].unpack());
        _aggregateKey = sum.pack();
        return sum.hash();
    }

    function _memberAt(uint256 slot, uint64 epoch) private view returns (bool, uint256 hint, Checkpoint memory own) {
        uint256 count = _slots[slot].countUpTo(epoch);
        if (count == 0) return (false, 0, own);
        hint = count - 1;
        own = _slots[slot].points[hint];
        return (own.stake != 0, hint, own);
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
}
