// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Hashes of past blocks, as far back as the chain answers
library BlockHash {
    /// @dev EIP-2935: the last 8191 block hashes in the state of a system contract.
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// @notice Hash of a past block, or zero if it cannot be known any more (or is not past).
    function get(uint256 blockNumber) internal view returns (bytes32 hash) {
        hash = blockhash(blockNumber);
        if (hash != 0 || blockNumber >= block.number) return hash;
        // Chains without the system contract answer with nothing or revert: both mean unknown. It needs about 2,300 gas.
        (bool answered, bytes memory data) = HISTORY.staticcall{gas: 30_000}(abi.encode(blockNumber));
        if (answered && data.length == 32) hash = bytes32(data);
    }
}
