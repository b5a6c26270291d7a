// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1, G2} from "../types/Points.sol";
import {PointLib} from "./PointLib.sol";

/// @notice BLS signatures of Ethereum's ciphersuite (keys in G1, signatures in G2) over the precompiles of EIP-2537.
/// @dev A precompile that is refused its input burns all gas it was given, and one that does not exist *succeeds* with
/// empty output: each call is given twice its price (room for a repricing, bound for a griefer) and its output length
/// is checked.
library BLS {
    /// @notice The precompile does not exist on this chain, or does not answer as EIP-2537 says.
    error PrecompileMissing(address precompile);
    /// @notice The precompile refused its input: a coordinate ≥ p, a point off the curve or outside its subgroup.
    error PointRefused(address precompile);
    error KeyAtInfinity();
    error SignatureAtInfinity();
    /// @notice RFC 9380 allows tags of 1 to 255 bytes.
    error TagLength(uint256 length);

    address internal constant MODEXP = address(0x05);
    address internal constant G1ADD = address(0x0b);
    address internal constant G2ADD = address(0x0d);
    address internal constant PAIRING = address(0x0f);
    address internal constant MAP_FP2_TO_G2 = address(0x11);

    // Twice the price: modexp 500 (EIP-7883), G1ADD 375, G2ADD 600, pairing of two 37,700 + 2 × 32,600, map 23,800.
    uint256 internal constant MODEXP_GAS = 1_000;
    uint256 internal constant G1ADD_GAS = 750;
    uint256 internal constant G2ADD_GAS = 1_200;
    uint256 internal constant PAIRING_GAS = 205_800;
    uint256 internal constant MAP_GAS = 47_600;

    // −G, the negated generator of G1.
    uint256 internal constant NEG_G_X_HI = 0x17f1d3a73197d7942695638c4fa9ac0f;
    uint256 internal constant NEG_G_X_LO = 0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb;
    uint256 internal constant NEG_G_Y_HI = 0x114d1d6855d545a8aa7d76c8cf2e21f2;
    uint256 internal constant NEG_G_Y_LO = 0x67816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca;

    /// @notice e(−G, signature) · e(key, H(message)) = 1.
    /// @dev The pairing precompile checks that both points are canonical, on the curve and in their subgroups; infinity
    /// passes those checks and would make the equation trivial, so it is refused before.
    function verify(
        G1 memory key,
        G2 memory signature,
        bytes memory message,
        bytes memory tag
    ) internal view returns (bool) {
        if (key.isInfinity()) revert KeyAtInfinity();
        if (signature.isInfinity()) revert SignatureAtInfinity();
        G1 memory negG = G1(NEG_G_X_HI, NEG_G_X_LO, NEG_G_Y_HI, NEG_G_Y_LO);
        bytes memory output = _call(PAIRING, PAIRING_GAS, abi.encode(negG, signature, key, hashToG2(message, tag)), 32);
        return abi.decode(output, (uint256)) == 1;
    }

    /// @notice Sum of two points of the curve. Checks the curve, not the subgroup.
    function add(G1 memory a, G1 memory b) internal view returns (G1 memory) {
        return abi.decode(_call(G1ADD, G1ADD_GAS, abi.encode(a, b), 128), (G1));
    }

    /// @notice RFC 9380 hash_to_curve, suite BLS12381G2_XMD:SHA-256_SSWU_RO_, with any domain separation tag.
    /// @dev The precompile's map clears the cofactor; clearing is additive, so that map(u0) + map(u1) is the RFC's point.
    function hashToG2(bytes memory message, bytes memory tag) internal view returns (G2 memory) {
        bytes32[8] memory u = expandMessage(message, tag);
        bytes memory a = _call(MAP_FP2_TO_G2, MAP_GAS, bytes.concat(_reduce(u[0], u[1]), _reduce(u[2], u[3])), 256);
        bytes memory b = _call(MAP_FP2_TO_G2, MAP_GAS, bytes.concat(_reduce(u[4], u[5]), _reduce(u[6], u[7])), 256);
        return abi.decode(_call(G2ADD, G2ADD_GAS, bytes.concat(a, b), 256), (G2));
    }

    /// @notice RFC 9380 5.3.1 expand_message_xmd with SHA-256 to 256 bytes: count 2 × m 2 × L 64.
    function expandMessage(bytes memory message, bytes memory tag) internal pure returns (bytes32[8] memory out) {
        if (tag.length == 0 || tag.length > 255) revert TagLength(tag.length);
        bytes memory suffix = abi.encodePacked(tag, uint8(tag.length));
        // Z_pad = one SHA-256 block of zeros; l_i_b_str = 256 as two bytes; then a zero byte.
        bytes32 b0 = sha256(abi.encodePacked(bytes32(0), bytes32(0), message, uint16(256), uint8(0), suffix));
        bytes32 previous = 0;
        for (uint256 i = 0; i < 8; ++i) {
            previous = sha256(abi.encodePacked(b0 ^ previous, uint8(i + 1), suffix));
            out[i] = previous;
        }
    }

    /// @dev 512 bits mod p, as the 64 bytes of an EIP-2537 field element: modexp with exponent 1 and a 64-byte modulus.
    function _reduce(bytes32 hi, bytes32 lo) private view returns (bytes memory) {
        bytes memory input = abi.encodePacked(
            uint256(64),
            uint256(1),
            uint256(64),
            hi,
            lo,
            uint8(1),
            PointLib.P_HI,
            PointLib.P_LO
        );
        return _call(MODEXP, MODEXP_GAS, input, 64);
    }

    function _call(
        address precompile,
        uint256 gasCap,
        bytes memory input,
        uint256 outputLength
    ) private view returns (bytes memory output) {
        bool success;
        (success, output) = precompile.staticcall{gas: gasCap}(input);
        if (!success) revert PointRefused(precompile);
        if (output.length != outputLength) revert PrecompileMissing(precompile);
    }
}
