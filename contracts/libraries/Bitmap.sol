// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Bits of one word.
library Bitmap {
    /// @notice Index of the lowest bit that is 0; 256 when there is none.
    function lowestZero(uint256 bits) internal pure returns (uint256 index) {
        uint256 free = ~bits;
        if (free == 0) return 256;
        // Halves the word until the bit stands alone.
        for (uint256 half = 128; half != 0; half /= 2) {
            if (free & ((1 << half) - 1) != 0) continue;
            free >>= half;
            index += half;
        }
    }
}
