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

    address internal constant SHA256 = address(0x02);
    address internal constant MODEXP = address(0x05);
    address internal constant G1ADD = address(0x0b);
    address internal constant G1MSM = address(0x0c);
    address internal constant G2ADD = address(0x0d);
    address internal constant PAIRING = address(0x0f);
    address internal constant MAP_FP2_TO_G2 = address(0x11);

    // Twice the price: SHA-256 60 + 12 a word (at most ten), modexp 500 (EIP-7883), G1ADD 375, G1MSM of one 12,000, G2ADD 600, pairing of two 37,700 + 2 × 32,600, map 23,800.
    uint256 internal constant SHA256_GAS = 360;
    uint256 internal constant MODEXP_GAS = 1_000;
    uint256 internal constant G1ADD_GAS = 750;
    uint256 internal constant G1MSM_GAS = 24_000;
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
        // Four points of 128, 256, 128 and 256 bytes.
        uint256[24] memory pairs;
        (pairs[0], pairs[1], pairs[2], pairs[3]) = (NEG_G_X_HI, NEG_G_X_LO, NEG_G_Y_HI, NEG_G_Y_LO);
        uint256 input = _at(pairs);
        _copy(_at(signature), input + 128, 256);
        _copy(_at(key), input + 384, 128);
        _hashToG2(message, tag, input + 512);
        // The verdict takes the place of the first word.
        invoke(PAIRING, PAIRING_GAS, input, 768, input, 32);
        return pairs[0] == 1;
    }

    /// @notice Sum of two points of the curve. Checks the curve, not the subgroup.
    function add(G1 memory a, G1 memory b) internal view returns (G1 memory sum) {
        uint256[8] memory both;
        uint256 input = _at(both);
        _copy(_at(a), input, 128);
        _copy(_at(b), input + 128, 128);
        invoke(G1ADD, G1ADD_GAS, input, 256, _at(sum), 128);
    }

    /// @notice RFC 9380 hash_to_curve, suite BLS12381G2_XMD:SHA-256_SSWU_RO_, with any domain separation tag.
    function hashToG2(bytes memory message, bytes memory tag) internal view returns (G2 memory point) {
        _hashToG2(message, tag, _at(point));
    }

    /// @notice RFC 9380 5.3.1 expand_message_xmd with SHA-256 to 256 bytes: count 2 × m 2 × L 64.
    function expandMessage(bytes memory message, bytes memory tag) internal view returns (bytes32[8] memory out) {
        if (tag.length == 0 || tag.length > 255) revert TagLength(tag.length);
        uint8 length = uint8(tag.length);
        // Z_pad = one SHA-256 block of zeros; l_i_b_str = 256 as two bytes; then a zero byte.
        bytes32 b0 = sha256(abi.encodePacked(bytes32(0), bytes32(0), message, uint16(256), uint8(0), tag, length));
        // b_i = H((b_0 ⊕ b_(i−1)) ‖ i ‖ tag ‖ length), and b_0 alone for i = 1: one buffer, of which the first 33 bytes
        // change.
        bytes memory buffer = abi.encodePacked(b0, uint8(1), tag, length);
        (uint256 input, uint256 output) = (_content(buffer), _at(out));
        for (uint256 i = 2; i < 10; ++i) {
            invoke(SHA256, SHA256_GAS, input, buffer.length, output, 32);
            assembly ("memory-safe") {
                mstore(input, xor(b0, mload(output)))
                mstore8(add(input, 32), i)
                output := add(output, 32)
            }
        }
    }

    /// @dev Calls a precompile from memory to memory. In assembly because `staticcall(bytes)` copies its input and takes
    /// new memory for its output on each of the ten calls of a verification: 14,000 gas less for the hash. Safe: callers
    /// pass ranges they own. Compared with the plain form by BLS.t.sol.
    function invoke(
        address precompile,
        uint256 gasCap,
        uint256 input,
        uint256 inputLength,
        uint256 output,
        uint256 outputLength
    ) internal view {
        bool success;
        uint256 returned;
        assembly ("memory-safe") {
            success := staticcall(gasCap, precompile, input, inputLength, output, outputLength)
            returned := returndatasize()
        }
        if (!success) revert PointRefused(precompile);
        if (returned != outputLength) revert PrecompileMissing(precompile);
    }

    /// @dev Writes the point's 256 bytes to `output`. The precompile's map clears the cofactor; clearing is additive, so
    /// that map(u0) + map(u1) is the RFC's point.
    function _hashToG2(bytes memory message, bytes memory tag, uint256 output) private view {
        // Four numbers of 512 bits become four field elements of 64 bytes, in place: u0 and u1 of two each.
        uint256 u = _at(expandMessage(message, tag));
        // Modexp of base^1: lengths of base, exponent and modulus, then the three.
        uint256[8] memory power = [64, 32, 64, 0, 0, 1, PointLib.P_HI, PointLib.P_LO];
        uint256 input = _at(power);
        for (uint256 element = u; element < u + 256; element += 64) {
            _copy(element, input + 96, 64);
            invoke(MODEXP, MODEXP_GAS, input, 256, element, 64);
        }
        uint256[16] memory mapped;
        uint256 points = _at(mapped);
        invoke(MAP_FP2_TO_G2, MAP_GAS, u, 128, points, 256);
        invoke(MAP_FP2_TO_G2, MAP_GAS, u + 128, 128, points + 256, 256);
        invoke(G2ADD, G2ADD_GAS, points, 512, output, 256);
    }

    function _copy(uint256 from, uint256 to, uint256 length) private pure {
        assembly ("memory-safe") {
            mcopy(to, from, length)
        }
    }

    /// @dev Where the bytes of `data` begin.
    function _content(bytes memory data) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := add(data, 32)
        }
    }

    function _at(G1 memory point) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := point
        }
    }

    function _at(G2 memory point) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := point
        }
    }

    function _at(bytes32[8] memory words) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := words
        }
    }

    function _at(uint256[24] memory words) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := words
        }
    }

    function _at(uint256[8] memory words) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := words
        }
    }

    function _at(uint256[16] memory words) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := words
        }
    }
}
