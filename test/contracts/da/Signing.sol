// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BLS} from "../../../contracts/libraries/BLS.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";

/// @notice Makes keys and signatures: the multiplication precompiles are all it takes.
/// @dev Signatures add up: the joint signature of a set is that of the sum of its secret keys.
library Signing {
    /// @dev Order of the groups.
    uint256 internal constant R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    bytes internal constant ATTESTATION = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    bytes internal constant POSSESSION = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

    function generator() internal pure returns (G1 memory) {
        return
            G1(
                0x17f1d3a73197d7942695638c4fa9ac0f,
                0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb,
                0x08b3f481e3aaa0f1a09e30ed741d8ae4,
                0xfcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1
            );
    }

    function publicKey(uint256 secret) internal view returns (G1 memory) {
        return mul(generator(), secret);
    }

    function mul(G1 memory point, uint256 scalar) internal view returns (G1 memory) {
        (bool success, bytes memory output) = address(0x0c).staticcall(abi.encode(point, scalar));
        require(success && output.length == 128, "G1MSM");
        return abi.decode(output, (G1));
    }

    function mul(G2 memory point, uint256 scalar) internal view returns (G2 memory) {
        (bool success, bytes memory output) = address(0x0e).staticcall(abi.encode(point, scalar));
        require(success && output.length == 256, "G2MSM");
        return abi.decode(output, (G2));
    }

    function attest(uint256 secret, bytes32 message) internal view returns (G2 memory) {
        return sign(secret, abi.encodePacked(message), ATTESTATION);
    }

    function prove(uint256 secret, bytes32 message) internal view returns (G2 memory) {
        return sign(secret, abi.encodePacked(message), POSSESSION);
    }

    function sign(uint256 secret, bytes memory message, bytes memory tag) internal view returns (G2 memory) {
        return mul(BLS.hashToG2(message, tag), secret);
    }
}
