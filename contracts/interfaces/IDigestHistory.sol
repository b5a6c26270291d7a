// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The last thousand flow roots at which mining contexts were made
/// @notice Index i is the i-th context ever made, counted from 0. Epochs that passed idle made none, so an index is not
/// an epoch.
interface IDigestHistory {
    /// @notice Only the owner, which is the Flow that made this history, appends.
    error NotOwner(address caller, address owner);

    /// @notice The index was never written, or was overwritten since.
    error UnavailableIndex(uint256 index);

    /// @notice Appends a root and returns its index. Only by the owner.
    function insert(bytes32 data) external returns (uint256 index);

    /// @notice Whether `rootAt(index)` answers.
    function available(uint256 index) external view returns (bool);

    /// @notice Whether the root is among those still held. Reads all of them: meant for calls, not for transactions.
    function contains(bytes32 input) external view returns (bool);

    /// @notice The root at an index; reverts `UnavailableIndex`.
    /// @dev The one name that is not 0G's (`at`, which is to become a keyword of Solidity); no client of theirs calls it.
    function rootAt(uint256 index) external view returns (bytes32);
}
