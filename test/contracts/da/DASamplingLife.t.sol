// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDASampling} from "../../../contracts/interfaces/IDASampling.sol";
import {SamplingLife} from "./SamplingLife.sol";

/// @notice From a batch's fee to a validator's account, and from silence to a slashed stake, on the contracts as they are
/// deployed.
contract DASamplingLifeTest is SamplingLife {
    function setUp() external {
        _deployReal(8, 7);
    }

    function test_AFeeBecomesThePrizeOfWhoSampled() external {
        Case memory c = _batch("paid");
        (IDAEntrance.Certificate memory certificate, bytes32 message) = _certify(c, _none());
        uint256 pool = entrance.samplingPool();
        vm.assertEq(pool, uint256(DA_FEE) * ROWS);
        (uint8 slot, uint8 index) = _winner(c, message, 0);
        _claim(c, certificate, message, slot, index);
        // A quarter of the fee, which is more than the least prize.
        uint256 prize = (uint256(DA_FEE) * ROWS) / 4;
        address account = _accountOf(slot);
        vm.assertEq(entrance.credit(account), prize);
        vm.assertEq(entrance.samplingPool(), pool - prize);
        vm.prank(account);
        entrance.withdraw(payable(account));
        vm.assertEq(account.balance, prize);
    }

    /// @dev One is not counted as a signer, but its signature is the same.
    function test_WhoSignedTooLateForTheConfirmationIsPaid() external {
        for (uint256 i = 0; ; ++i) {
            Case memory c = _batch(keccak256(abi.encode(i)));
            _submit(c);
            bytes32 seed = _mine();
            bytes32 message = entrance.messageOf(c.id);
            (uint8 slot, uint8 index) = _winner(c, message, 0);
            if (slot > 1) continue;
            entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, _signed(c, _slots(0, 1)));
            bytes32 auditSeed = keccak256(abi.encode(seed, c.id));
            _claim(c, IDAEntrance.Certificate(seed, auditSeed, 3), message, slot, index);
            vm.assertGt(entrance.credit(_accountOf(slot)), 0);
            return;
        }
    }

    /// @dev A18: of those asked one answers; another one is slashed, jailed, and its reporter paid.
    function test_A18_SilenceCostsStakeAndTheReporterIsPaid() external {
        Case memory c = _batch("audited");
        (IDAEntrance.Certificate memory certificate, bytes32 message) = _certify(c, _none());
        uint8 good = _asked(certificate.auditSeed, 0);
        uint8 silent = _asked(certificate.auditSeed, good + 1);
        IDASampling.Attested memory a = _attested(c, certificate, message, good);
        lottery.answerAudit(a, _askedCell(certificate.auditSeed, good, a.signature));

        vm.roll(vm.getBlockNumber() + terms.auditWindow + 1);
        uint64 epoch = uint64(entrance.record(c.id).epoch);
        uint32 hint = uint32(signers.findSlot(good, epoch));
        vm.expectRevert(abi.encodeWithSelector(IDASampling.AlreadySettled.selector, c.id, good));
        lottery.slashSilent(c.id, certificate, good, hint);

        hint = uint32(signers.findSlot(silent, epoch));
        uint256 before = address(signers).balance;
        vm.prank(actor("reporter"));
        uint96 amount = lottery.slashSilent(c.id, certificate, silent, hint);
        vm.assertEq(amount, 0.1 ether);
        vm.assertEq(signers.bondOf(actor("reporter")).withdrawable, amount / 4);
        vm.assertEq(address(signers).balance, before);
        vm.expectRevert(abi.encodeWithSelector(IDASampling.AlreadySettled.selector, c.id, silent));
        lottery.slashSilent(c.id, certificate, silent, hint);
    }

    /// @dev Only sampling moves the pool, and only sampling slashes.
    function test_NobodyElsePaysOrSlashes() external {
        vm.expectRevert();
        entrance.paySample(address(this), 1);
        vm.expectRevert();
        signers.slash(0, 2, 0, address(this));
    }

    function _claim(
        Case memory c,
        IDAEntrance.Certificate memory certificate,
        bytes32 message,
        uint8 slot,
        uint8 index
    ) private {
        IDASampling.Attested memory a = _attested(c, certificate, message, slot);
        lottery.claimSample(a, _ticket(c, index), _ticketCell(a.signature, index));
    }
}
