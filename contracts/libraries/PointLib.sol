// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1, G2, PackedG1} from "../types/Points.sol";

/// @notice What can be said of a point without a precompile.
library PointLib {
    // The base field's modulus p = 0x1a0111ea…ffffaaab, 381 bits, as two words.
    uint256 internal constant P_HI = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 internal constant P_LO = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    function isInfinity(G1 memory p) internal pure returns (bool) {
        return (p.xHi | p.xLo | p.yHi | p.yLo) == 0;
    }

    function isInfinity(G2 memory p) internal pure returns (bool) {
        return (p.x0Hi | p.x0Lo | p.x1Hi | p.x1Lo | p.y0Hi | p.y0Lo | p.y1Hi | p.y1Lo) == 0;
    }

    /// @notice (x, p − y). Expects a point whose coordinates are canonical; infinity stays infinity.
    function negate(G1 memory p) internal pure returns (G1 memory) {
        // y = 0 occurs at infinity only: the curve has no point of order 2 (x³ = −4 has no root in the field).
        if ((p.yHi | p.yLo) == 0) return p;
        unchecked {
            // Two-word subtraction; y < p for canonical coordinates, so the high word does not wrap.
            uint256 borrow = p.yLo > P_LO ? 1 : 0;
            return G1(p.xHi, p.xLo, P_HI - p.yHi - borrow, P_LO - p.yLo);
        }
    }

    /// @notice keccak256 of the 128 bytes: what stands for a key in storage.
    function hash(G1 memory p) internal pure returns (bytes32) {
        return keccak256(abi.encode(p));
    }

    /// @notice For storage. Expects canonical coordinates: of others it would drop bits.
    function pack(G1 memory p) internal pure returns (PackedG1 memory) {
        return PackedG1((p.xHi << 128) | p.yHi, p.xLo, p.yLo);
    }

    function unpack(PackedG1 memory p) internal pure returns (G1 memory) {
        return G1(p.hi >> 128, p.xLo, uint128(p.hi), p.yLo);
    }
}
