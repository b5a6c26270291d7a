// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DASigners} from "../../../contracts/da/DASigners.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {Test} from "../base/Test.sol";
import {Signing} from "./Signing.sol";

/// @notice A network of validators whose secrets are known: validator i has slot i.
abstract contract SignersTest is Test {
    uint64 internal constant EPOCH_BLOCKS = 100;
    uint96 internal constant MIN_STAKE = 1 ether;
    uint256 internal constant START = 1000;
    uint64 internal constant LEASE = 50_000;
    uint64 internal constant UNBONDING = 1500;
    uint64 internal constant JAIL = 1000;
    string internal constant SOCKET = "http://127.0.0.1:4000";

    DASigners internal signers;
    uint256[] internal secrets;

    function _deploySigners() internal {
        _deploySigners(actor("sampling"));
    }

    function _deploySigners(address sampling) internal {
        vm.roll(START);
        signers = new DASigners(_terms(), sampling);
    }

    function _terms() internal pure returns (IDASigners.Terms memory) {
        return
            IDASigners.Terms({
                epochBlocks: uint32(EPOCH_BLOCKS),
                minStake: MIN_STAKE,
                leaseEpochs: uint32(LEASE),
                unbonding: uint32(UNBONDING),
                jailBlocks: uint32(JAIL),
                slashBps: 1000,
                reporterBps: 2500
            });
    }

    /// @dev Secrets are unlike small multiples of each other, and the same in each run.
    function _secretOf(uint256 i) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("secret", i))) % Signing.R;
    }

    function _accountOf(uint256 i) internal returns (address account) {
        account = actor(string.concat("validator ", vm.toString(i)));
    }

    /// @dev The next validator joins.
    function _join(uint96 stake) internal returns (uint8 slot) {
        uint256 secret = _secretOf(secrets.length);
        address account = _accountOf(secrets.length);
        secrets.push(secret);
        return _register(account, secret, stake);
    }

    function _register(address account, uint256 secret, uint96 stake) internal returns (uint8) {
        (G1 memory key, G2 memory proof) = _credentials(account, secret);
        vm.deal(account, stake);
        vm.prank(account);
        return signers.register{value: stake}(key, proof, SOCKET);
    }

    function _credentials(address account, uint256 secret) internal view returns (G1 memory key, G2 memory proof) {
        key = Signing.publicKey(secret);
        proof = Signing.prove(secret, signers.possessionMessage(account, key));
    }

    function _hash(G1 memory key) internal pure returns (bytes32) {
        return keccak256(abi.encode(key));
    }

    function _assertBond(address account, IDASigners.Bond memory expected) internal view {
        vm.assertEq(abi.encode(signers.bondOf(account)), abi.encode(expected));
    }

    function _joinMany(uint256 count, uint96 stake) internal {
        for (uint256 i = 0; i < count; ++i) _join(stake);
    }

    /// @dev Rolls to the first block of an epoch in which all changes made so far count.
    function _settle() internal returns (uint64 epoch) {
        epoch = signers.currentEpoch() + 2;
        vm.roll(START + epoch * EPOCH_BLOCKS);
    }

    /// @dev What an honest aggregator brings: everyone signs but the given slots (ascending).
    function _attestation(
        uint64 epoch,
        bytes32 message,
        uint8[] memory absent
    ) internal view returns (IDASigners.Attestation memory a) {
        uint256 all;
        for (uint256 i = 0; i < secrets.length; ++i) all = addmod(all, secrets[i], Signing.R);
        a.aggregateKey = Signing.publicKey(all);
        a.setHint = uint32(signers.findSet(epoch));
        a.absent = new IDASigners.NonSigner[](absent.length);
        for (uint256 i = 0; i < absent.length; ++i) {
            uint256 secret = secrets[absent[i]];
            all = addmod(all, Signing.R - secret, Signing.R);
            uint32 hint = uint32(signers.findSlot(absent[i], epoch));
            a.absent[i] = IDASigners.NonSigner(absent[i], hint, Signing.publicKey(secret));
        }
        a.signature = Signing.attest(all, message);
    }

    function _none() internal pure returns (uint8[] memory) {
        return new uint8[](0);
    }

    function _slots(uint8 a) internal pure returns (uint8[] memory slots) {
        slots = new uint8[](1);
        slots[0] = a;
    }

    function _slots(uint8 a, uint8 b) internal pure returns (uint8[] memory slots) {
        slots = new uint8[](2);
        (slots[0], slots[1]) = (a, b);
    }

    /// @dev The last `count` of the first `all` slots.
    function _lastOf(uint256 all, uint256 count) internal pure returns (uint8[] memory slots) {
        slots = new uint8[](count);
        for (uint256 i = 0; i < count; ++i) slots[i] = uint8(all - count + i);
    }
}
