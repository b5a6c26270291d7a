// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CellPolynomial} from "../../../contracts/libraries/CellPolynomial.sol";
import {RowTree} from "../../../contracts/libraries/RowTree.sol";
import {Test} from "../base/Test.sol";

/// @notice The library behind a call, so that its reverts can be seen and its input is calldata.
contract CellPolynomialCaller {
    function interpolate(bytes calldata cell, uint256 column) external pure returns (uint256[64] memory) {
        return CellPolynomial.interpolate(cell, column);
    }

    function power64(uint256 column) external pure returns (uint256) {
        return CellPolynomial.power64(column);
    }
}

contract CellPolynomialTest is Test {
    uint256 internal constant R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    /// @dev ω_8192 = 7^((r − 1)/8192).
    uint256 internal immutable ROOT = _power(7, (R - 1) / 8192);

    CellPolynomialCaller internal library_ = new CellPolynomialCaller();

    /// @dev The plain form: the polynomial, evaluated at each place of the coset, gives the elements back.
    function testFuzz_ThePolynomialHasTheCellsValues(uint256 seed, uint256 column) external view {
        column = bound(column, 0, 127);
        (bytes memory cell, uint256[64] memory values) = _cell(seed);
        uint256[64] memory f = library_.interpolate(cell, column);
        for (uint256 i = 0; i < 64; ++i) {
            uint256 x = _power(ROOT, _reversed(column * 64 + i, 13));
            uint256 sum = 0;
            for (uint256 k = 64; k != 0; --k) sum = addmod(mulmod(sum, x, R), f[k - 1], R);
            vm.assertEq(sum, values[i], vm.toString(i));
            vm.assertLt(f[i], R);
        }
    }

    function test_EveryColumnHasItsPower() external view {
        for (uint256 column = 0; column < 128; ++column) {
            uint256 h = _power(ROOT, _reversed(column, 7));
            vm.assertEq(library_.power64(column), _power(h, 64), vm.toString(column));
        }
    }

    function testFuzz_F7_AnElementIsBelowTheOrder(uint256 seed, uint256 place, uint256 value) external {
        (bytes memory cell, ) = _cell(seed);
        place = bound(place, 0, 63);
        _set(cell, place, R - 1);
        library_.interpolate(cell, 3);
        _set(cell, place, bound(value, R, type(uint256).max));
        vm.expectRevert(abi.encodeWithSelector(CellPolynomial.NonCanonicalElement.selector, place));
        library_.interpolate(cell, 3);
    }

    function test_ACellHas2048Bytes() external {
        uint256[4] memory lengths = [uint256(0), 2047, 2049, 4096];
        for (uint256 i = 0; i < lengths.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(RowTree.CellLength.selector, lengths[i], 2048));
            library_.interpolate(new bytes(lengths[i]), 0);
        }
    }

    function test_ThereAre128Columns() external {
        uint256[3] memory columns = [uint256(128), 255, type(uint256).max];
        for (uint256 i = 0; i < columns.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(CellPolynomial.ColumnOutOfRange.selector, columns[i], 128));
            library_.interpolate(new bytes(2048), columns[i]);
            vm.expectRevert(abi.encodeWithSelector(CellPolynomial.ColumnOutOfRange.selector, columns[i], 128));
            library_.power64(columns[i]);
        }
    }

    /// @dev Elements at random, with zeros and r − 1 among them.
    function _cell(uint256 seed) internal pure returns (bytes memory cell, uint256[64] memory values) {
        for (uint256 i = 0; i < 64; ++i) {
            uint256 value = uint256(keccak256(abi.encode(seed, i)));
            values[i] =
                value % 8 == 0
                    ? 0
                    : value % 8 == 1
                        ? R - 1
                        : value % R;
        }
        cell = abi.encodePacked(values);
    }

    function _set(bytes memory cell, uint256 place, uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(cell, 32), mul(place, 32)), value)
        }
    }

    function _reversed(uint256 value, uint256 bits) internal pure returns (uint256 reversed) {
        for (uint256 i = 0; i < bits; ++i) reversed |= ((value >> i) & 1) << (bits - 1 - i);
    }

    function _power(uint256 base, uint256 exponent) internal pure returns (uint256 result) {
        result = 1;
        for (; exponent != 0; exponent >>= 1) {
            if (exponent & 1 == 1) result = mulmod(result, base, R);
            base = mulmod(base, base, R);
        }
    }
}
