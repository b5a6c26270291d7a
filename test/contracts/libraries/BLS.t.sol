// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BLS} from "../../../contracts/libraries/BLS.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {Test} from "../base/Test.sol";
import {Signing} from "../da/Signing.sol";
import {PlainHash} from "./PlainHash.sol";

/// @notice The library behind a call, so that its reverts can be seen.
contract BLSCaller {
    function verify(G1 memory k, G2 memory s, bytes memory message, bytes memory tag) external view returns (bool) {
        return BLS.verify(k, s, message, tag);
    }

    function hashToG2(bytes memory message, bytes memory tag) external view returns (G2 memory) {
        return BLS.hashToG2(message, tag);
    }

    function add(G1 memory a, G1 memory b) external view returns (G1 memory) {
        return BLS.add(a, b);
    }
}

contract BLSTest is Test {
    string internal constant HASHES = "test/vectors/bls/hashes.json";
    string internal constant SIGNATURES = "test/vectors/bls/signatures.json";

    BLSCaller internal bls = new BLSCaller();

    function test_HashesAreThoseOfWycheproof() external view {
        string memory json = vm.readFile(HASHES);
        uint256 count = vm.parseJsonUint(json, ".count");
        for (uint256 i = 0; i < count; ++i) {
            bytes memory tag = _bytes(json, i, "tag");
            bytes memory message = _bytes(json, i, "message");
            vm.assertEq(abi.encode(bls.hashToG2(message, tag)), _bytes(json, i, "point"), vm.toString(i));
        }
    }

    function test_SignaturesAreJudgedAsByWycheproofNobleAndBlst() external {
        string memory json = vm.readFile(SIGNATURES);
        uint256 count = vm.parseJsonUint(json, ".count");
        for (uint256 i = 0; i < count; ++i) {
            G1 memory key = abi.decode(_bytes(json, i, "key"), (G1));
            G2 memory signature = abi.decode(_bytes(json, i, "signature"), (G2));
            (bytes memory message, bytes memory tag) = (_bytes(json, i, "message"), _bytes(json, i, "tag"));
            string memory outcome = vm.parseJsonString(json, _at(i, "outcome"));
            bytes memory reason = _reasonOf(outcome);
            if (reason.length != 0) {
                vm.expectRevert(reason);
                bls.verify(key, signature, message, tag);
            } else {
                bool valid = keccak256(bytes(outcome)) == keccak256("valid");
                vm.assertTrue(bls.verify(key, signature, message, tag) == valid, vm.toString(i));
            }
        }
    }

    /// @dev Every length around the blocks of SHA-256, and tags of every length.
    function testFuzz_TheHashIsThatOfThePlainForm(bytes calldata message, bytes calldata tag) external view {
        vm.assume(tag.length > 0);
        bytes memory short = tag.length > 255 ? tag[:255] : tag;
        G2 memory plain = PlainHash.hashToG2(message, short);
        vm.assertEq(abi.encode(bls.hashToG2(message, short)), abi.encode(plain));
    }

    function test_TagsHave1To255Bytes() external {
        vm.expectRevert(abi.encodeWithSelector(BLS.TagLength.selector, 0));
        bls.hashToG2("", "");
        vm.expectRevert(abi.encodeWithSelector(BLS.TagLength.selector, 256));
        bls.hashToG2("", new bytes(256));
        bytes memory longest = new bytes(255);
        vm.assertEq(abi.encode(bls.hashToG2("", longest)), abi.encode(PlainHash.hashToG2("", longest)));
    }

    function testFuzz_WhatASecretSignsItsKeyVerifies(uint256 secret, bytes32 message, bytes32 other) external view {
        secret = bound(secret, 1, Signing.R - 1);
        vm.assume(message != other);
        G1 memory key = Signing.publicKey(secret);
        G2 memory signature = Signing.attest(secret, message);
        vm.assertTrue(bls.verify(key, signature, abi.encodePacked(message), Signing.ATTESTATION));
        vm.assertFalse(bls.verify(key, signature, abi.encodePacked(other), Signing.ATTESTATION));
        vm.assertFalse(bls.verify(key, signature, abi.encodePacked(message), Signing.POSSESSION));
    }

    function testFuzz_SumsAreThoseOfTheSecrets(uint256 a, uint256 b) external view {
        (a, b) = (a % Signing.R, b % Signing.R);
        G1 memory sum = bls.add(Signing.publicKey(a), Signing.publicKey(b));
        vm.assertEq(abi.encode(sum), abi.encode(Signing.publicKey(addmod(a, b, Signing.R))));
    }

    function test_A6_PointsOffTheCurveAreRefused() external {
        G1 memory g = Signing.generator();
        G1 memory off = G1(g.xHi, g.xLo, g.yHi, g.yLo ^ 1);
        vm.expectRevert(abi.encodeWithSelector(BLS.PointRefused.selector, BLS.G1ADD));
        bls.add(off, g);
    }

    /// @dev A call to a precompile that the chain does not have succeeds, with empty output.
    function test_AMissingPrecompileIsNamed() external {
        G1 memory key = Signing.publicKey(5);
        G2 memory signature = Signing.attest(5, "message");
        address[5] memory all = [BLS.MODEXP, BLS.MAP_FP2_TO_G2, BLS.G2ADD, BLS.PAIRING, BLS.G1ADD];
        for (uint256 i = 0; i < all.length; ++i) {
            vm.mockCall(all[i], "", "");
            vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileMissing.selector, all[i]));
            if (all[i] == BLS.G1ADD) bls.add(key, key);
            else bls.verify(key, signature, "message", Signing.ATTESTATION);
            vm.clearMockedCalls();
        }
    }

    /// @dev A refused input burns what the call was given, and no more.
    function test_ARefusedPointCostsAtMostItsCap() external view {
        G1 memory g = Signing.generator();
        G1 memory off = G1(g.xHi, g.xLo, g.yHi, g.yLo ^ 1);
        G2 memory signature = Signing.attest(5, "message");
        uint256 before = gasleft();
        try bls.verify(off, signature, "message", Signing.ATTESTATION) {
            vm.assertTrue(false, "accepted");
        } catch {
            vm.assertLe(before - gasleft(), BLS.PAIRING_GAS + 70_000);
        }
    }

    function _reasonOf(string memory outcome) internal pure returns (bytes memory) {
        bytes32 kind = keccak256(bytes(outcome));
        if (kind == keccak256("KeyAtInfinity")) return abi.encodeWithSelector(BLS.KeyAtInfinity.selector);
        if (kind == keccak256("SignatureAtInfinity")) return abi.encodeWithSelector(BLS.SignatureAtInfinity.selector);
        if (kind != keccak256("PointRefused")) return "";
        return abi.encodeWithSelector(BLS.PointRefused.selector, BLS.PAIRING);
    }

    function _bytes(string memory json, uint256 i, string memory name) internal pure returns (bytes memory) {
        return vm.parseJsonBytes(json, _at(i, name));
    }

    function _at(uint256 i, string memory name) internal pure returns (string memory) {
        return string.concat(".cases[", vm.toString(i), "].", name);
    }
}
