// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PointLib} from "../libraries/PointLib.sol";

/// @notice A point of BLS12-381's G1 (public keys, commitments) as EIP-2537 writes it: a field element of 381 bits is
/// 64 bytes big-endian, here a high and a low word; infinity is all zeros. 128 bytes.
struct G1 {
    uint256 xHi;
    uint256 xLo;
    uint256 yHi;
    uint256 yLo;
}

/// @notice A point of BLS12-381's G2 (signatures) as EIP-2537 writes it: each coordinate is c0 + c1·u, c0 first. 256 bytes.
struct G2 {
    uint256 x0Hi;
    uint256 x0Lo;
    uint256 x1Hi;
    uint256 x1Lo;
    uint256 y0Hi;
    uint256 y0Lo;
    uint256 y1Hi;
    uint256 y1Lo;
}

/// @notice A G1 in three words of storage instead of four: a coordinate's high word has 125 bits.
/// ```
/// word 0  xHi 128 | yHi 128
/// word 1  xLo
/// word 2  yLo
/// ```
struct PackedG1 {
    uint256 hi;
    uint256 xLo;
    uint256 yLo;
}

using PointLib for G1 global;
using PointLib for G2 global;
using PointLib for PackedG1 global;
