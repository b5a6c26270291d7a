// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What DAEntrance asks of the contracts that may move its money
interface IDAPartner {
    /// @notice The DAEntrance it works for.
    function entrance() external view returns (address);
}

/// @title What DAEntrance asks of DAChallenge
interface IDAChallenges is IDAPartner {
    /// @notice Challenges of the batch that are neither answered nor resolved.
    function openChallenges(bytes32 batchId) external view returns (uint256);
}
