// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DASigners} from "../../../contracts/da/DASigners.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {Invariant} from "../base/Invariant.sol";
import {Test} from "../base/Test.sol";
import {Signing} from "../da/Signing.sol";

/// @notice Validators come and pay in, blocks go by; a ledger keeps who should count from when.
contract SignersHandler is Test {
    struct Change {
        uint8 slot;
        uint64 fromEpoch;
        uint96 stake;
    }

    uint256 internal constant MAX_VALIDATORS = 6;
    uint64 internal constant EPOCH_BLOCKS = 10;

    DASigners public signers;
    uint256[] public secrets;
    Change[] private _changes;

    constructor() {
        signers = new DASigners(
            IDASigners.Terms(uint32(EPOCH_BLOCKS), 1 ether, 1000, 20, 20, 1000, 2500),
            actor("sampling")
        );
    }

    function register(uint256 secret, uint96 stake) external {
        if (secrets.length == MAX_VALIDATORS) return;
        secret = bound(secret, 1, Signing.R - 1);
        for (uint256 i = 0; i < secrets.length; ++i) if (secrets[i] == secret) return;
        stake = uint96(bound(stake, 1 ether, 1000 ether));
        address account = actor(vm.toString(secrets.length));
        G1 memory key = Signing.publicKey(secret);
        G2 memory proof = Signing.prove(secret, signers.possessionMessage(account, key));
        vm.deal(account, stake);
        vm.prank(account);
        uint8 slot = signers.register{value: stake}(key, proof, "http://validator");
        vm.assertEq(slot, secrets.length);
        secrets.push(secret);
        _changes.push(Change(slot, signers.currentEpoch() + 2, stake));
    }

    function deposit(uint256 slot, uint96 amount) external {
        if (secrets.length == 0) return;
        slot %= secrets.length;
        amount = uint96(bound(amount, 1, 1000 ether));
        vm.deal(address(this), amount);
        signers.deposit{value: amount}(actor(vm.toString(slot)));
        _changes.push(Change(uint8(slot), signers.currentEpoch() + 2, amount));
    }

    function mine(uint256 blocks) external {
        vm.roll(block.number + bound(blocks, 1, 3 * EPOCH_BLOCKS));
    }

    /// @dev What the ledger says of an epoch.
    function expected(uint64 epoch) external view returns (uint96[] memory stakes, uint256 secret) {
        stakes = new uint96[](secrets.length);
        for (uint256 i = 0; i < _changes.length; ++i) {
            if (_changes[i].fromEpoch <= epoch) stakes[_changes[i].slot] += _changes[i].stake;
        }
        for (uint256 i = 0; i < stakes.length; ++i) {
            if (stakes[i] != 0) secret = addmod(secret, secrets[i], Signing.R);
        }
    }
}

/// @notice What must hold whatever anyone does, in any order, at any time, for every epoch so far and the two to come:
///
/// 1. The set's total is the sum of its slots' stakes, and each of them is what was paid in two epochs before.
/// 2. The set's key is the sum of its slots' keys.
/// 3. Whatever part of a set signs, exactly its stake is counted.
/// 4. The stake of all is what the contract holds.
contract SignersInvariants is Invariant {
    SignersHandler private _handler;
    DASigners private _signers;

    function setUp() public {
        vm.roll(500);
        _handler = new SignersHandler();
        _signers = _handler.signers();
        bytes4[] memory selectors = new bytes4[](3);
        selectors[0] = SignersHandler.register.selector;
        selectors[1] = SignersHandler.deposit.selector;
        selectors[2] = SignersHandler.mine.selector;
        _target(address(_handler), selectors);
    }

    /// hardhat-config: invariant.runs = 12
    /// hardhat-config: invariant.depth = 24
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_EachEpochHasTheSetOfItsTime() external view {
        uint64 last = _signers.currentEpoch() + 2;
        for (uint64 epoch = 0; epoch <= last; ++epoch) {
            (uint96[] memory stakes, uint256 secret) = _handler.expected(epoch);
            uint256 total = 0;
            for (uint256 i = 0; i < stakes.length; ++i) {
                total += stakes[i];
                if (stakes[i] == 0) continue;
                uint256 own = _signers.findSlot(uint8(i), epoch);
                (uint96 stake, bytes32 keyHash) = _signers.slotAt(uint8(i), epoch, own);
                vm.assertEq(stake, stakes[i]);
                vm.assertEq(keyHash, keccak256(abi.encode(Signing.publicKey(_handler.secrets(i)))));
            }
            if (total == 0) continue;
            (uint96 recorded, bytes32 aggregate) = _signers.setAt(epoch, _signers.findSet(epoch));
            vm.assertEq(recorded, total);
            vm.assertEq(aggregate, keccak256(abi.encode(Signing.publicKey(secret))));
            if (epoch != last - 2) continue;
            (, uint96 current) = _signers.currentSet();
            vm.assertEq(current, total);
        }
    }

    /// hardhat-config: invariant.runs = 12
    /// hardhat-config: invariant.depth = 24
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_A14_ExactlyWhoSignedIsCounted() external view {
        uint64 epoch = _signers.currentEpoch();
        (uint96[] memory stakes, uint256 secret) = _handler.expected(epoch);
        // Who is away depends on the state itself: every subset comes up.
        uint256 away = uint256(keccak256(abi.encode(secret, epoch)));
        uint256 count = 0;
        uint256 signed = 0;
        for (uint256 i = 0; i < stakes.length; ++i) {
            if (stakes[i] == 0 || (away >> i) & 1 == 1) away |= 1 << i;
            else signed += stakes[i];
            if (stakes[i] != 0 && (away >> i) & 1 == 1) ++count;
        }
        if (signed == 0) return;

        IDASigners.Attestation memory a;
        a.aggregateKey = Signing.publicKey(secret);
        a.setHint = uint32(_signers.findSet(epoch));
        a.absent = new IDASigners.NonSigner[](count);
        for (uint256 i = stakes.length; i > 0; --i) {
            if (stakes[i - 1] == 0 || (away >> (i - 1)) & 1 == 0) continue;
            uint8 slot = uint8(i - 1);
            uint32 hint = uint32(_signers.findSlot(slot, epoch));
            a.absent[--count] = IDASigners.NonSigner(slot, hint, Signing.publicKey(_handler.secrets(slot)));
            secret = addmod(secret, Signing.R - _handler.secrets(slot), Signing.R);
        }
        a.signature = Signing.attest(secret, "message");
        (uint96 signedStake, ) = _signers.verify(epoch, "message", a);
        vm.assertEq(signedStake, signed);
    }

    /// hardhat-config: invariant.runs = 12
    /// hardhat-config: invariant.depth = 24
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_A26_TheStakeOfAllIsWhatIsHeld() external view {
        uint256 sum = 0;
        for (uint256 i = 0; i < _signers.signerCount(); ++i) sum += _signers.signer(uint8(i)).stake;
        vm.assertEq(address(_signers).balance, sum);
    }
}
