// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice EIP-712 separators. Computed on each use: after a fork of the chain the id differs, and so does what is signed.
library Domain {
    bytes32 private constant TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant VERSION = keccak256("1");

    function separator(bytes32 nameHash) internal view returns (bytes32) {
        return separator(nameHash, address(this));
    }

    /// @notice The same of another contract: what is signed for it can be checked here, too.
    function separator(bytes32 nameHash, address verifyingContract) internal view returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, nameHash, VERSION, block.chainid, verifyingContract));
    }
}
