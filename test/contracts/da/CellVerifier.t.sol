// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CellVerifier} from "../../../contracts/da/CellVerifier.sol";
import {BLS} from "../../../contracts/libraries/BLS.sol";
import {CellPolynomial} from "../../../contracts/libraries/CellPolynomial.sol";
import {CompressedPoint} from "../../../contracts/libraries/CompressedPoint.sol";
import {RowTree} from "../../../contracts/libraries/RowTree.sol";
import {Test} from "../base/Test.sol";

contract CellVerifierTest is Test {
    string internal constant VECTORS = "test/vectors/cells.json";
    /// @dev The case "own column 31": a row of random elements.
    uint256 internal constant OWN = 44;

    struct Case {
        bytes commitment;
        uint256 column;
        bytes cell;
        bytes proof;
    }

    CellVerifier internal verifier = new CellVerifier();
    Case internal _good;

    function setUp() external {
        string memory json = vm.readFile(VECTORS);
        _good = _case(json, OWN);
        vm.assertEq(vm.parseJsonString(json, _at(OWN, "name")), "own column 31");
    }

    /// @dev Official cells and our own: c-kzg gave the same verdicts (scripts/vectors-cells.ts). False and refused are
    /// told apart, and what is refused says why.
    function test_A6_CellsAreJudgedAsByTheLibrary() external view {
        string memory json = vm.readFile(VECTORS);
        uint256 count = vm.parseJsonUint(json, ".count");
        vm.assertGt(count, 60);
        for (uint256 i = 0; i < count; ++i) {
            Case memory c = _case(json, i);
            bytes32 outcome = keccak256(bytes(vm.parseJsonString(json, _at(i, "outcome"))));
            string memory name = vm.parseJsonString(json, _at(i, "name"));
            (bool answered, bytes memory answer) = _ask(c);
            if (outcome == keccak256("true") || outcome == keccak256("false")) {
                vm.assertTrue(answered, name);
                vm.assertTrue(abi.decode(answer, (bool)) == (outcome == keccak256("true")), name);
            } else {
                vm.assertFalse(answered, name);
                vm.assertEq(bytes32(bytes4(answer)), bytes32(_selectorOf(outcome)), name);
            }
        }
    }

    /// @dev One bit of cell, commitment, proof or column: never true.
    function testFuzz_NoBitCanBeWrong(uint256 what, uint256 bit) external view {
        Case memory c = _good;
        what = bound(what, 0, 3);
        if (what == 0) _flip(c.cell, bit);
        if (what == 1) _flip(c.commitment, bit);
        if (what == 2) _flip(c.proof, bit);
        if (what == 3) c.column ^= 1 << (bit % 256);
        (bool answered, bytes memory answer) = _ask(c);
        vm.assertFalse(answered && abi.decode(answer, (bool)));
    }

    /// @dev Each bit of both points: few enough to try them all.
    function test_A6_NoBitOfAPointCanBeWrong() external view {
        for (uint256 bit = 0; bit < 768; bit += 3) {
            Case memory c = _good;
            _flip(bit < 384 ? c.commitment : c.proof, bit % 384);
            (bool answered, bytes memory answer) = _ask(c);
            vm.assertFalse(answered && abi.decode(answer, (bool)), vm.toString(bit));
        }
    }

    function test_TheSameCellIsRightEachTime() external view {
        for (uint256 i = 0; i < 2; ++i) {
            (bool answered, bytes memory answer) = _ask(_good);
            vm.assertTrue(answered && abi.decode(answer, (bool)));
        }
    }

    function test_TheSetupIsCodeThatDoesNothing() external {
        address setup = verifier.setup();
        vm.assertEq(setup.code.length, 8704);
        (bool success, bytes memory output) = setup.call("anything");
        vm.assertTrue(success && output.length == 0);
    }

    function test_AMissingPrecompileIsNamed() external {
        address[3] memory all = [BLS.MODEXP, BLS.G1MSM, BLS.PAIRING];
        for (uint256 i = 0; i < all.length; ++i) {
            vm.mockCall(all[i], "", "");
            vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileMissing.selector, all[i]));
            verifier.verifyCellKzg(_good.commitment, _good.column, _good.cell, _good.proof);
            vm.clearMockedCalls();
        }
    }

    /// @dev A refused point burns what the call was given, and no more.
    function test_ARefusedPointCostsAtMostItsCap() external view {
        Case memory c = _good;
        c.proof = bytes.concat(hex"80", new bytes(47));
        uint256 before = gasleft();
        (bool answered, ) = _ask(c);
        vm.assertFalse(answered);
        // Its cap of 909,216, and the work before it.
        vm.assertLe(before - gasleft(), 1_100_000);
    }

    function _ask(Case memory c) internal view returns (bool, bytes memory) {
        return
            address(verifier).staticcall(
                abi.encodeCall(CellVerifier.verifyCellKzg, (c.commitment, c.column, c.cell, c.proof))
            );
    }

    function _selectorOf(bytes32 name) internal pure returns (bytes4) {
        if (name == keccak256("CellLength")) return RowTree.CellLength.selector;
        if (name == keccak256("NonCanonicalElement")) return CellPolynomial.NonCanonicalElement.selector;
        if (name == keccak256("ColumnOutOfRange")) return CellPolynomial.ColumnOutOfRange.selector;
        if (name == keccak256("PointLength")) return CompressedPoint.PointLength.selector;
        if (name == keccak256("PointEncoding")) return CompressedPoint.PointEncoding.selector;
        if (name == keccak256("PointRefused")) return BLS.PointRefused.selector;
        revert("no such outcome");
    }

    function _flip(bytes memory data, uint256 bit) internal pure {
        bit %= data.length * 8;
        data[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
    }

    function _case(string memory json, uint256 i) internal pure returns (Case memory) {
        return
            Case(
                vm.parseJsonBytes(json, _at(i, "commitment")),
                vm.parseJsonUint(json, _at(i, "column")),
                vm.parseJsonBytes(json, _at(i, "cell")),
                vm.parseJsonBytes(json, _at(i, "proof"))
            );
    }

    function _at(uint256 i, string memory name) internal pure returns (string memory) {
        return string.concat(".cases[", vm.toString(i), "].", name);
    }
}
