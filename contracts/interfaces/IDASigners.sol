// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1, G2} from "../types/Points.sol";

/// @title Bonded validators: BLS keys, stake by epoch, and the check of their joint signature
/// @notice Epochs are arithmetic: epoch = (block − firstBlock) / epochBlocks; there is nothing to poke. A change made in
/// epoch e counts from e + 2, so that whoever sees a batch recorded cannot change who decides on it. Validators have
/// slots 0…199. Each slot, and the set as a whole (total stake, sum of all keys), has an append-only history; a caller
/// brings the index of the checkpoint it means (the hint) and the key it stands for, the contract checks both.
/// @dev Also reverts with the errors of BLS (points) and HistoryLib (`WrongHint`, `BeforeHistory`).
interface IDASigners {
    /// @notice A slot as it will be once every pending change counts.
    /// @param account who registered, and may update the socket
    /// @param keyHash keccak256 of the 128-byte key
    /// @param stake wei
    /// @param socket base URL under which the validator gives out signatures
    struct Signer {
        address account;
        bytes32 keyHash;
        uint96 stake;
        string socket;
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

    error ZeroParameter();
    error StakeTooLow(uint256 stake, uint256 required);
    error StakeTooHigh(uint256 stake, uint256 limit);
    error AlreadyRegistered(address account, uint8 slot);
    error KeyInUse(uint8 slot);
    error NoFreeSlot(uint256 slots);
    error UnknownSlot(uint256 slot);
    error NotRegistered(address account);
    error SocketLength(uint256 length, uint256 limit);
    /// @notice The proof of possession does not verify for this account, key, contract and chain.
    error PossessionNotProved(address account);
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
    /// @param stake the slot's whole stake from `fromEpoch` on
    event Deposited(uint8 indexed slot, uint96 stake, uint64 fromEpoch);
    event SocketUpdated(uint8 indexed slot, string socket);

    /// @notice Takes a free slot with msg.value as stake, counting from the epoch after next.
    /// @dev The key must be canonical, on the curve, in the subgroup, not infinity and not in use: one key in two slots
    /// would sample once and count twice.
    /// @param key public key in G1
    /// @param proofOfPossession signature over `possessionMessage(msg.sender, key)` under the possession tag: without
    /// it x·G − (sum of the others' keys) could be registered, and x would sign for all
    /// @param socket base URL, 1 to 256 bytes
    function register(
        G1 calldata key,
        G2 calldata proofOfPossession,
        string calldata socket
    ) external payable returns (uint8 slot);

    /// @notice Adds msg.value to a slot's stake, counting from the epoch after next. Anyone may.
    function deposit(uint8 slot) external payable;

    /// @notice Changes the caller's socket, at once.
    function updateSocket(string calldata socket) external;

    /// @notice Checks a joint signature over `message` by the set of `epoch`, and says how much stake gave it. Applies
    /// no threshold. Costs at most 12,000 gas for each absent slot.
    /// @dev The signers' key is the set's sum minus the absent keys; it and the signature are refused at infinity
    /// before the pairing. A validator that is not in the epoch's set can be neither signer nor absent.
    function verify(
        uint64 epoch,
        bytes32 message,
        Attestation calldata attestation
    ) external view returns (uint96 signedStake, uint96 totalStake);

    /// @notice Blocks in an epoch.
    function epochBlocks() external view returns (uint64);

    /// @notice First block of epoch 0.
    function firstBlock() external view returns (uint64);

    /// @notice Least stake of a registration, in wei.
    function minStake() external view returns (uint96);

    function currentEpoch() external view returns (uint64);

    function epochAt(uint256 blockNumber) external view returns (uint64);

    function signer(uint8 slot) external view returns (Signer memory);

    /// @notice Slots ever taken: they are 0 … signerCount − 1.
    function signerCount() external view returns (uint256);

    /// @notice The account's slot; reverts `NotRegistered`.
    function slotOf(address account) external view returns (uint8);

    /// @notice The set in `epoch`: its total stake, and keccak256 of the sum of its keys.
    function setAt(uint64 epoch, uint256 hint) external view returns (uint96 totalStake, bytes32 aggregateKeyHash);

    /// @notice A slot in `epoch`: its stake and keccak256 of its key.
    function slotAt(uint8 slot, uint64 epoch, uint256 hint) external view returns (uint96 stake, bytes32 keyHash);

    /// @notice The hint for `setAt` and `verify`; reverts `BeforeHistory` when nobody was registered in `epoch`.
    function findSet(uint64 epoch) external view returns (uint256 hint);

    /// @notice The hint for a slot in `epoch`; reverts `BeforeHistory` when it was not taken yet.
    function findSlot(uint8 slot, uint64 epoch) external view returns (uint256 hint);

    /// @notice The running epoch and the stake that decides in it (0: nobody).
    function currentSet() external view returns (uint64 epoch, uint96 totalStake);

    /// @notice Sum of all registered keys, those that do not count yet included.
    function aggregateKey() external view returns (G1 memory);

    /// @notice What a proof of possession signs: keccak256(abi.encode(keccak256("Possession(address account,bytes key)"),
    /// domain, account, keccak256(key))), domain = EIP-712 separator with name "0G-DA signers", version "1".
    function possessionMessage(address account, G1 calldata key) external view returns (bytes32);
}
