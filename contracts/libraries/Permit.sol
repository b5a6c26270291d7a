// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Did this account sign this digest?
library Permit {
    /// @dev EIP-1271: the answer of a contract that accepts a signature is its function's selector.
    bytes4 internal constant MAGIC = 0x1626ba7e;

    /// @dev Half the order of secp256k1: of the two valid s only the lower one is accepted.
    uint256 internal constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Whether `account` signed: by its key, or, if it has code, by what that code says (EIP-1271). An account
    /// with delegated code (EIP-7702) has both.
    function signed(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        return (account != address(0) && recover(digest, signature) == account) || _accepts(account, digest, signature);
    }

    /// @notice Who signed: 65 bytes r ‖ s ‖ v, low s, v 27 or 28; anything else is nobody, the zero address.
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        if (signature.length != 65) return address(0);
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (uint256(s) > HALF_ORDER || (v != 27 && v != 28)) return address(0);
        return ecrecover(digest, v, bytes32(signature[:32]), s);
    }

    function _accepts(address account, bytes32 digest, bytes calldata signature) private view returns (bool) {
        if (account.code.length == 0) return false;
        (bool answered, bytes memory data) = account.staticcall(abi.encodeWithSelector(MAGIC, digest, signature));
        return answered && data.length == 32 && bytes32(data) == bytes32(MAGIC);
    }
}
