// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DASigners} from "../../../contracts/da/DASigners.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {Invariant} from "../base/Invariant.sol";
import {Test} from "../base/Test.sol";
import {Signing} from "../da/Signing.sol";

/// @notice Validators come, pay in, change keys, leave, lapse, are slashed and withdraw, blocks go by; a ledger keeps what
/// each slot should hold from which epoch on, and what each account should have.
contract SignersHandler is Test {
    /// @dev The latest state of a slot and when it counts. Actor + 1, so that 0 is nobody.
    struct Change {
        uint8 slot;
        uint64 fromEpoch;
        uint96 stake;
        uint256 secret;
    }

    uint256 public constant ACTORS = 6;
    uint256 public constant SLOTS = 6;
    uint64 internal constant EPOCH_BLOCKS = 10;
    uint64 internal constant UNBONDING = 25;
    uint64 internal constant LEASE = 4;
    address internal sampling = actor("sampling");

    DASigners public signers;
    uint256 public paidIn;
    uint256 public paidOut;
    uint256 public lost;
    Change[] private _changes;
    mapping(uint256 secret => uint256) private _ownerPlusOne;
    uint256 private _nextSecret = 1;

    constructor() {
        signers = new DASigners(
            IDASigners.Terms(uint32(EPOCH_BLOCKS), 1 ether, uint32(LEASE), uint32(UNBONDING), 20, 3000, 2500),
            sampling
        );
    }

    function register(uint256 who, bool oldKey, uint96 stake) external {
        who %= ACTORS;
        address account = accountOf(who);
        IDASigners.Bond memory bond = signers.bondOf(account);
        if (bond.staked != 0 || block.number < bond.jailedUntil) return;
        stake = uint96(bound(stake, 1 ether, 1000 ether));
        uint256 secret = oldKey ? _keyOf(who) : 0;
        if (secret == 0) secret = _newKey(who);
        (G1 memory key, G2 memory proof) = _credentials(account, secret);
        vm.deal(account, stake);
        vm.prank(account);
        uint8 slot = signers.register{value: stake}(key, proof, "http://validator");
        // The lowest that is free.
        for (uint8 i = 0; i < slot; ++i) vm.assertTrue(_latest(i).stake != 0);
        vm.assertEq(_latest(slot).stake, 0);
        paidIn += stake;
        _record(slot, stake, secret);
    }

    function deposit(uint256 who, uint96 amount) external {
        (bool found, uint8 slot, Change memory last) = _slotOf(who %= ACTORS);
        if (!found) return;
        amount = uint96(bound(amount, 1, 1000 ether));
        vm.deal(address(this), amount);
        signers.deposit{value: amount}(accountOf(who));
        paidIn += amount;
        _record(slot, last.stake + amount, last.secret);
    }

    function rotate(uint256 who) external {
        (bool found, uint8 slot, Change memory last) = _slotOf(who %= ACTORS);
        if (!found) return;
        uint256 secret = _newKey(who);
        (G1 memory key, G2 memory proof) = _credentials(accountOf(who), secret);
        vm.prank(accountOf(who));
        signers.rotateKey(key, proof);
        _record(slot, last.stake, secret);
    }

    function requestWithdraw(uint256 who, uint96 amount, bool all) external {
        (bool found, uint8 slot, Change memory last) = _slotOf(who %= ACTORS);
        if (!found) return;
        if (!all && last.stake <= 1 ether) return;
        amount = all ? last.stake : uint96(bound(amount, 1, last.stake - 1 ether));
        vm.prank(accountOf(who));
        signers.requestWithdraw(amount);
        _record(slot, last.stake - amount, amount == last.stake ? 0 : last.secret);
    }

    function renewOrLapse(uint256 who, bool lapse) external {
        (bool found, uint8 slot, ) = _slotOf(who %= ACTORS);
        if (!found) return;
        if (!lapse) {
            vm.prank(accountOf(who));
            signers.renew();
        } else if (signers.currentEpoch() > signers.signer(slot).leaseEnd) {
            signers.lapse(slot);
            _record(slot, 0, 0);
        }
    }

    function slash(uint8 slot, uint64 epoch, uint256 reporter) external {
        slot = uint8(slot % SLOTS);
        epoch = uint64(bound(epoch, 0, signers.currentEpoch()));
        Change memory then = changeAt(slot, epoch);
        if (then.stake == 0) return;
        uint256 who = _ownerPlusOne[then.secret] - 1;
        IDASigners.Bond memory bond = signers.bondOf(accountOf(who));
        uint256 held = uint256(bond.staked) + bond.unbonding;
        (bool found, uint8 current, ) = _slotOf(who);
        uint32 hint = uint32(signers.findSlot(slot, epoch));
        vm.prank(sampling);
        uint256 amount = signers.slash(slot, epoch, hint, accountOf(reporter % ACTORS));
        uint256 share = (uint256(then.stake) * 3000) / 10_000;
        vm.assertEq(amount, share < held ? share : held);
        lost += amount - (amount * 2500) / 10_000;
        if (found) _record(current, 0, 0);
    }

    function withdraw(uint256 who) external {
        address account = accountOf(who % ACTORS);
        uint256 amount = signers.bondOf(account).withdrawable;
        if (amount == 0) return;
        uint256 before = account.balance;
        vm.prank(account);
        signers.withdraw(payable(account));
        vm.assertEq(account.balance - before, amount);
        paidOut += amount;
    }

    function mine(uint256 blocks) external {
        vm.roll(block.number + bound(blocks, 1, 3 * EPOCH_BLOCKS));
    }

    /// @dev What the ledger says of a slot in an epoch.
    function changeAt(uint8 slot, uint64 epoch) public view returns (Change memory change) {
        for (uint256 i = 0; i < _changes.length; ++i) {
            if (_changes[i].slot == slot && _changes[i].fromEpoch <= epoch) change = _changes[i];
        }
    }

    function accountOf(uint256 who) public returns (address) {
        return actor(vm.toString(who));
    }

    function _record(uint8 slot, uint96 stake, uint256 secret) private {
        _changes.push(Change(slot, signers.currentEpoch() + 2, stake, secret));
    }

    function _newKey(uint256 who) private returns (uint256 secret) {
        secret = uint256(keccak256(abi.encode("secret", _nextSecret++))) % Signing.R;
        _ownerPlusOne[secret] = who + 1;
    }

    /// @dev A key that the actor had in a slot once; 0: none.
    function _keyOf(uint256 who) private view returns (uint256) {
        for (uint256 i = 0; i < _changes.length; ++i) {
            if (_changes[i].secret != 0 && _ownerPlusOne[_changes[i].secret] == who + 1) return _changes[i].secret;
        }
        return 0;
    }

    function _latest(uint8 slot) private view returns (Change memory) {
        return changeAt(slot, type(uint64).max);
    }

    function _slotOf(uint256 who) private view returns (bool found, uint8 slot, Change memory last) {
        for (slot = 0; slot < SLOTS; ++slot) {
            last = _latest(slot);
            if (last.stake != 0 && _ownerPlusOne[last.secret] == who + 1) return (true, slot, last);
        }
        return (false, 0, last);
    }

    function _credentials(address account, uint256 secret) private view returns (G1 memory key, G2 memory proof) {
        key = Signing.publicKey(secret);
        proof = Signing.prove(secret, signers.possessionMessage(account, key));
    }
}

/// @notice What must hold whatever anyone does, in any order, at any time, for every epoch so far and the two to come:
///
/// 1. The set's total is the sum of its slots' stakes, its key the sum of their keys, and each slot has what was decided two
///    epochs before.
/// 2. Whatever part of a set signs, exactly its stake is counted.
/// 3. What came in is staked, unbonding, withdrawable, burnt, or was paid out: to the wei.
contract SignersInvariants is Invariant {
    SignersHandler private _handler;
    DASigners private _signers;

    function setUp() public {
        vm.roll(500);
        _handler = new SignersHandler();
        _signers = _handler.signers();
        bytes4[] memory selectors = new bytes4[](9);
        selectors[0] = SignersHandler.register.selector;
        selectors[1] = SignersHandler.deposit.selector;
        selectors[2] = SignersHandler.mine.selector;
        selectors[3] = SignersHandler.rotate.selector;
        selectors[4] = SignersHandler.requestWithdraw.selector;
        selectors[5] = SignersHandler.renewOrLapse.selector;
        selectors[6] = SignersHandler.slash.selector;
        selectors[7] = SignersHandler.withdraw.selector;
        // Twice, so that there is someone.
        selectors[8] = SignersHandler.register.selector;
        _target(address(_handler), selectors);
    }

    /// hardhat-config: invariant.runs = 12
    /// hardhat-config: invariant.depth = 40
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_A16_EachEpochHasTheSetOfItsTime() external view {
        uint64 last = _signers.currentEpoch() + 2;
        for (uint64 epoch = last > 8 ? last - 8 : 0; epoch <= last; ++epoch) {
            (uint256 total, uint256 secret, uint256 count) = (0, 0, 0);
            IDASigners.Member[] memory members = _signers.membersAt(epoch, 0, 200);
            for (uint8 slot = 0; slot < _handler.SLOTS(); ++slot) {
                SignersHandler.Change memory expected = _handler.changeAt(slot, epoch);
                if (expected.stake == 0) continue;
                total += expected.stake;
                secret = addmod(secret, expected.secret, Signing.R);
                IDASigners.Member memory member = members[count++];
                vm.assertEq(member.slot, slot);
                vm.assertEq(member.stake, expected.stake);
                vm.assertEq(abi.encode(member.key), abi.encode(Signing.publicKey(expected.secret)));
                (uint96 stake, ) = _signers.slotAt(slot, epoch, member.hint);
                vm.assertEq(stake, expected.stake);
            }
            vm.assertEq(members.length, count);
            if (count == 0) continue;
            (uint96 recorded, bytes32 aggregate) = _signers.setAt(epoch, _signers.findSet(epoch));
            vm.assertEq(recorded, total);
            vm.assertEq(aggregate, keccak256(abi.encode(Signing.publicKey(secret))));
            if (epoch != last - 2) continue;
            (, uint96 current) = _signers.currentSet();
            vm.assertEq(current, total);
        }
    }

    /// hardhat-config: invariant.runs = 12
    /// hardhat-config: invariant.depth = 40
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_A14_ExactlyWhoSignedIsCounted() external view {
        uint64 epoch = _signers.currentEpoch();
        IDASigners.Member[] memory members = _signers.membersAt(epoch, 0, 200);
        // Who is away depends on the state itself: every subset comes up.
        uint256 away = uint256(keccak256(abi.encode(members)));
        (uint256 all, uint256 signing, uint256 signed, uint256 count) = (0, 0, 0, 0);
        IDASigners.NonSigner[] memory absent = new IDASigners.NonSigner[](members.length);
        for (uint256 i = 0; i < members.length; ++i) {
            uint256 secret = _handler.changeAt(members[i].slot, epoch).secret;
            all = addmod(all, secret, Signing.R);
            if ((away >> i) & 1 == 1) {
                absent[count++] = IDASigners.NonSigner(members[i].slot, members[i].hint, members[i].key);
            } else {
                signing = addmod(signing, secret, Signing.R);
                signed += members[i].stake;
            }
        }
        if (signed == 0) return;
        IDASigners.Attestation memory a;
        a.aggregateKey = Signing.publicKey(all);
        a.setHint = uint32(_signers.findSet(epoch));
        a.absent = new IDASigners.NonSigner[](count);
        for (uint256 i = 0; i < count; ++i) a.absent[i] = absent[i];
        a.signature = Signing.attest(signing, "message");
        (uint96 signedStake, ) = _signers.verify(epoch, "message", a);
        vm.assertEq(signedStake, signed);
    }

    /// hardhat-config: invariant.runs = 12
    /// hardhat-config: invariant.depth = 40
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_A26_EveryWeiIsInOneBook() external {
        uint256 owed = _signers.burnt();
        for (uint256 i = 0; i < _handler.ACTORS(); ++i) {
            IDASigners.Bond memory bond = _signers.bondOf(_handler.accountOf(i));
            owed += uint256(bond.staked) + bond.unbonding + bond.withdrawable;
        }
        vm.assertEq(address(_signers).balance, owed);
        vm.assertEq(owed, _handler.paidIn() - _handler.paidOut());
        vm.assertEq(_signers.burnt(), _handler.lost());
        uint256 staked = 0;
        uint256 taken = _signers.takenSlots();
        for (uint8 slot = 0; slot < _handler.SLOTS(); ++slot) {
            if ((taken >> slot) & 1 == 1) staked += _signers.signer(slot).stake;
        }
        vm.assertEq(taken >> _handler.SLOTS(), 0);
        uint64 next = _signers.currentEpoch() + 2;
        if (_signers.signerCount() == 0) return;
        (uint96 total, ) = _signers.setAt(next, _signers.findSet(next));
        vm.assertEq(total, staked);
    }
}
