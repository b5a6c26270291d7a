// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1, G2} from "../types/Points.sol";

/// @title Bonded validators: BLS keys, stake by epoch, and the check of their joint signature
/// @notice Epochs are arithmetic: epoch = (block − firstBlock) / epochBlocks; there is nothing to poke. A change made in
/// epoch e counts from e + 2, so that whoever sees a batch recorded cannot change who decides on it: also who exits, is
/// lapsed, replaced or jailed in e counts in e and e + 1. Validators have slots 0…199. Each slot, and the set as a whole
/// (total stake, sum of all keys), has an append-only history; a caller brings the index of the checkpoint it means (the
/// hint) and the key it stands for, the contract checks both.
///
/// A slot is a lease of `leaseEpochs`: who does not renew it is lapsed by anyone. Stake that leaves a slot unbonds: it can
/// be slashed until `unbonding` blocks after the last epoch in which it counted, then it can be withdrawn. Money leaves
/// only by `withdraw`, called by who owns it.
/// @dev Also reverts with the errors of BLS (points) and HistoryLib (`WrongHint`, `BeforeHistory`).
interface IDASigners {
    /// @notice What is fixed at deployment.
    /// @param epochBlocks blocks in an epoch
    /// @param minStake least stake of a slot, in wei
    /// @param leaseEpochs epochs after that of a registration or renewal in which a slot cannot be lapsed
    /// @param unbonding blocks after the last epoch in which stake counted, for which it can be slashed. Longer than
    /// every window in which someone can be blamed for what was signed in that epoch
    /// @param jailBlocks for which who was slashed cannot register
    /// @param slashBps of the stake that is lost, in hundredths of a percent
    /// @param reporterBps of what is lost that the reporter gets, in hundredths of a percent
    struct Terms {
        uint32 epochBlocks;
        uint96 minStake;
        uint32 leaseEpochs;
        uint32 unbonding;
        uint32 jailBlocks;
        uint16 slashBps;
        uint16 reporterBps;
    }

    /// @notice A slot as it will be once every pending change counts.
    /// @param account whose slot it is
    /// @param keyHash keccak256 of the 128-byte key
    /// @param stake wei
    /// @param leaseEnd last epoch in which it cannot be lapsed
    /// @param socket base URL under which the validator gives out signatures
    struct Signer {
        address account;
        bytes32 keyHash;
        uint96 stake;
        uint64 leaseEnd;
        string socket;
    }

    /// @notice One who counts in an epoch: all that is needed to ask for its signature, and to do without.
    /// @param hint index in the slot's history for the epoch
    /// @param account whose key it is, and was in that epoch
    /// @param socket of the account, as of now
    struct Member {
        uint8 slot;
        uint32 hint;
        uint96 stake;
        address account;
        G1 key;
        string socket;
    }

    /// @notice What an account has here.
    /// @param staked wei in its slot
    /// @param unbonding wei that no longer counts and can still be slashed
    /// @param releaseBlock block from which that can be withdrawn
    /// @param withdrawable wei that `withdraw` pays now
    /// @param jailedUntil first block in which it may register again
    struct Bond {
        uint96 staked;
        uint96 unbonding;
        uint64 releaseBlock;
        uint256 withdrawable;
        uint64 jailedUntil;
    }

    /// @notice One who did not sign. @param hint index in the slot's history for the epoch in question
    struct NonSigner {
        uint8 slot;
        uint32 hint;
        G1 key;
    }

    /// @notice A joint signature: of everyone in the epoch's set but `absent`, whose slots ascend strictly.
    /// @param signature sum of the signatures
    /// @param aggregateKey sum of all keys of the epoch's set, signers or not
    /// @param setHint index in the set's history for the epoch in question
    struct Attestation {
        G2 signature;
        G1 aggregateKey;
        uint32 setHint;
        NonSigner[] absent;
    }

    /// @notice Why someone left its slot.
    enum Departure {
        Exit,
        Lapse,
        Replacement,
        Jail
    }

    error ZeroParameter();
    /// @notice A rate above the whole.
    error RateTooHigh(uint256 bps, uint256 limit);
    error StakeTooLow(uint256 stake, uint256 required);
    error StakeTooHigh(uint256 stake, uint256 limit);
    error AlreadyRegistered(address account, uint8 slot);
    /// @notice A key belongs for ever to the account that proved it first.
    error KeyTaken(bytes32 keyHash, address owner);
    /// @notice The key is the slot's already.
    error SameKey(bytes32 keyHash);
    error Jailed(address account, uint256 blockNumber, uint64 jailedUntil);
    /// @notice All slots are taken, and the stake is not a tenth above the lowest.
    error NoFreeSlot(uint8 lowestSlot, uint256 stake, uint256 required);
    error UnknownSlot(uint256 slot);
    error NotRegistered(address account);
    error LeaseNotOver(uint8 slot, uint64 epoch, uint64 leaseEnd);
    error NothingToWithdraw(address account);
    error WithdrawalRefused(address to, uint256 amount);
    error SocketLength(uint256 length, uint256 limit);
    /// @notice The proof of possession does not verify for this account, key, contract and chain.
    error PossessionNotProved(address account);
    error NotSampling(address sender);
    /// @notice Nobody counted in that slot then.
    error NoStake(uint8 slot, uint64 epoch);
    error NotInSet(bytes32 keyHash, uint64 epoch);
    error BeforeFirstBlock(uint256 blockNumber, uint256 firstBlock);
    /// @notice The key given as the set's sum is not the one on record.
    error AggregateKeyMismatch(bytes32 given, bytes32 recorded);
    /// @notice The key given for the slot is not the one on record in this epoch.
    error KeyMismatch(uint8 slot, bytes32 given, bytes32 recorded);
    error SlotsNotAscending(uint8 previous, uint8 slot);
    error SignatureInvalid();

    /// @param fromEpoch first epoch in which the validator counts
    event Registered(
        uint8 indexed slot,
        address indexed account,
        G1 key,
        uint96 stake,
        uint64 fromEpoch,
        string socket
    );
    /// @param fromEpoch first epoch in which the new key counts, and the old one no longer
    event KeyRotated(uint8 indexed slot, address indexed account, G1 key, uint64 fromEpoch);
    /// @param stake the slot's whole stake from `fromEpoch` on
    event Deposited(uint8 indexed slot, address indexed account, uint96 stake, uint64 fromEpoch);
    /// @param stake the slot's whole stake from `fromEpoch` on
    /// @param amount wei that unbond until `releaseBlock`
    event StakeReduced(
        uint8 indexed slot,
        address indexed account,
        uint96 stake,
        uint64 fromEpoch,
        uint96 amount,
        uint64 releaseBlock
    );
    /// @param stake wei that unbond until `releaseBlock`
    /// @param fromEpoch first epoch in which it no longer counts
    event Left(
        uint8 indexed slot,
        address indexed account,
        Departure departure,
        uint96 stake,
        uint64 fromEpoch,
        uint64 releaseBlock
    );
    event Renewed(uint8 indexed slot, address indexed account, uint64 leaseEnd);
    event SocketUpdated(address indexed account, string socket);
    /// @param amount wei lost: `reward` is the reporter's credit, the rest stays here for ever
    event Slashed(
        address indexed account,
        uint8 slot,
        uint64 epoch,
        uint96 amount,
        address indexed reporter,
        uint96 reward,
        uint64 jailedUntil
    );
    event Withdrawn(address indexed account, address to, uint256 amount);

    /// @notice Takes the lowest free slot with msg.value as stake, counting from the epoch after next. With all slots
    /// taken: the slot of the lowest stake, if msg.value is a tenth more; that stake unbonds.
    /// @dev The key must be canonical, on the curve, in the subgroup, not infinity, and never proved by another account:
    /// so whatever a key has signed, there is one account to blame, and no key is in two slots.
    /// @param key public key in G1
    /// @param proofOfPossession signature over `possessionMessage(msg.sender, key)` under the possession tag: without
    /// it x·G − (sum of the others' keys) could be registered, and x would sign for all
    /// @param socket base URL, 1 to 256 bytes
    function register(
        G1 calldata key,
        G2 calldata proofOfPossession,
        string calldata socket
    ) external payable returns (uint8 slot);

    /// @notice Adds msg.value to the account's stake, counting from the epoch after next. Anyone may.
    /// @dev By account, not by slot: the slot may have gone to someone else while the call was on its way.
    function deposit(address account) external payable;

    /// @notice Starts the caller's lease anew.
    function renew() external;

    /// @notice Takes out who let its lease run out. Anyone may.
    function lapse(uint8 slot) external;

    /// @notice Gives the caller's slot another key, from the epoch after next.
    function rotateKey(G1 calldata key, G2 calldata proofOfPossession) external;

    /// @notice Takes stake out of the caller's slot: all of it, which gives up the slot, or a part that leaves at least
    /// `minStake`. It unbonds; what unbonds already and is not due yet waits as long.
    function requestWithdraw(uint96 amount) external;

    /// @notice Sends `to` all that the caller can withdraw: unbonded stake and rewards.
    function withdraw(address payable to) external;

    /// @notice Changes the caller's socket, at once. Also of who has left: it is asked as long as it counts.
    function updateSocket(string calldata socket) external;

    /// @notice Takes `slashBps` of the stake that the slot had in `epoch` from the account whose key it was, or what it
    /// has left, and jails it: it leaves its slot and cannot register for `jailBlocks`. Only `sampling`.
    /// @param hint index in the slot's history for `epoch`
    /// @param reporter who gets `reporterBps` of it; nobody gets the rest
    /// @return amount wei lost: 0 when nothing was left
    function slash(uint8 slot, uint64 epoch, uint32 hint, address reporter) external returns (uint96 amount);

    /// @notice Checks a joint signature over `message` by the set of `epoch`, and says how much stake gave it. Applies
    /// no threshold. Costs at most 12,000 gas for each absent slot.
    /// @dev The signers' key is the set's sum minus the absent keys; it and the signature are refused at infinity
    /// before the pairing. A validator that is not in the epoch's set can be neither signer nor absent.
    function verify(
        uint64 epoch,
        bytes32 message,
        Attestation calldata attestation
    ) external view returns (uint96 signedStake, uint96 totalStake);

    function currentEpoch() external view returns (uint64);

    function epochAt(uint256 blockNumber) external view returns (uint64);

    /// @notice The slot as registered now; reverts `UnknownSlot` for a free one.
    function signer(uint8 slot) external view returns (Signer memory);

    /// @notice Slots ever taken: they are 0 … signerCount − 1.
    function signerCount() external view returns (uint256);

    /// @notice The slots that are taken now, one bit each.
    function takenSlots() external view returns (uint256 bitmap);

    /// @notice The account's slot; reverts `NotRegistered`.
    function slotOf(address account) external view returns (uint8);

    /// @notice The account's socket, also after it has left; empty if it never registered.
    function socketOf(address account) external view returns (string memory);

    function bondOf(address account) external view returns (Bond memory);

    /// @notice Whose key this is, for ever; zero if nobody has proved it.
    function accountOf(bytes32 keyHash) external view returns (address);

    /// @notice The key of this hash; zeros if nobody has proved it.
    function keyOf(bytes32 keyHash) external view returns (G1 memory);

    /// @notice The set in `epoch`: its total stake, and keccak256 of the sum of its keys.
    function setAt(uint64 epoch, uint256 hint) external view returns (uint96 totalStake, bytes32 aggregateKeyHash);

    /// @notice A slot in `epoch`: its stake and keccak256 of its key; zeros when it was free.
    function slotAt(uint8 slot, uint64 epoch, uint256 hint) external view returns (uint96 stake, bytes32 keyHash);

    /// @notice Who counts in `epoch`, of the slots `from` ≤ slot < `to`, in ascending order. Meant for eth_call.
    function membersAt(uint64 epoch, uint256 from, uint256 to) external view returns (Member[] memory members);

    /// @notice The hint for `setAt` and `verify`; reverts `BeforeHistory` when nobody was registered in `epoch`.
    function findSet(uint64 epoch) external view returns (uint256 hint);

    /// @notice The hint for a slot in `epoch`; reverts `BeforeHistory` when it was not taken yet.
    function findSlot(uint8 slot, uint64 epoch) external view returns (uint256 hint);

    /// @notice Slot and hint of a key in `epoch`; reverts `NotInSet`. Meant for eth_call.
    function findKey(bytes32 keyHash, uint64 epoch) external view returns (uint8 slot, uint256 hint);

    /// @notice The running epoch and the stake that decides in it (0: nobody).
    function currentSet() external view returns (uint64 epoch, uint96 totalStake);

    /// @notice Sum of all registered keys, those that do not count yet included.
    function aggregateKey() external view returns (G1 memory);

    /// @notice What a proof of possession signs: keccak256(abi.encode(keccak256("Possession(address account,bytes key)"),
    /// domain, account, keccak256(key))), domain = EIP-712 separator with name "0G-DA signers", version "1".
    function possessionMessage(address account, G1 calldata key) external view returns (bytes32);

    /// @notice Wei that slashing took and nobody gets.
    function burnt() external view returns (uint256);

    /// @notice Blocks in an epoch.
    function epochBlocks() external view returns (uint64);

    /// @notice First block of epoch 0.
    function firstBlock() external view returns (uint64);

    /// @notice Least stake of a slot, in wei.
    function minStake() external view returns (uint96);

    function leaseEpochs() external view returns (uint64);

    function unbonding() external view returns (uint64);

    function jailBlocks() external view returns (uint64);

    function slashBps() external view returns (uint256);

    function reporterBps() external view returns (uint256);

    /// @notice The only contract that slashes.
    function sampling() external view returns (address);
}
