// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDASampling} from "../../../contracts/interfaces/IDASampling.sol";
import {BatchRows} from "../../../contracts/libraries/BatchRows.sol";
import {Draw} from "../../../contracts/libraries/Draw.sol";
import {Signing} from "./Signing.sol";
import {SomeSigners} from "./SamplingDoubles.sol";
import {SamplingTest} from "./SamplingTest.sol";

/// @notice Of four validators the audit asks some, and others not.
contract DASamplingAuditTest is SamplingTest {
    Case internal _case;
    uint8 internal _slot;
    uint8 internal _spared;

    function setUp() external {
        _deploy();
        _case = _confirmed("audited", 5);
        (_slot, _spared) = (_audited(_case, true), _audited(_case, false));
    }

    function test_WhoeverIsAskedAnswersOnceAndIsLeftAlone() external {
        vm.expectEmit(address(sampling));
        emit IDASampling.AuditAnswered(_case.id, _slot);
        vm.prank(actor("anybody"));
        this.answer(_slot);
        vm.assertEq(sampling.settledOf(_case.id), 1 << _slot);
        vm.expectRevert(abi.encodeWithSelector(IDASampling.AlreadySettled.selector, _case.id, _slot));
        this.answer(_slot);
        _afterWindow();
        vm.expectRevert(abi.encodeWithSelector(IDASampling.AlreadySettled.selector, _case.id, _slot));
        this.slashSilent(_slot);
        vm.assertEq(signers.slashes(), 0);
    }

    /// @dev A18: who signed and cannot show what it sampled is slashed, once, and the reporter is named.
    function test_A18_SilenceIsSlashedOnce() external {
        _afterWindow();
        vm.expectEmit(address(sampling));
        emit IDASampling.SilenceSlashed(_case.id, _slot, reporter, STAKE / 10);
        vm.assertEq(this.slashSilent(_slot), STAKE / 10);
        vm.assertEq(signers.lastSlash(), keccak256(abi.encode(_slot, EPOCH, reporter)));
        vm.expectRevert(abi.encodeWithSelector(IDASampling.AlreadySettled.selector, _case.id, _slot));
        this.slashSilent(_slot);
        vm.assertEq(signers.slashes(), 1);
    }

    function test_WindowsEndAndBeginWithTheirBlocks() external {
        uint256 last = vm.getBlockNumber() + _terms().auditWindow;
        vm.roll(last);
        vm.expectRevert(abi.encodeWithSelector(IDASampling.WindowNotOpen.selector, last, last + 1));
        this.slashSilent(_slot);
        uint256 state = vm.snapshotState();
        this.answer(_slot);
        vm.revertToState(state);

        vm.roll(last + 1);
        vm.expectRevert(abi.encodeWithSelector(IDASampling.WindowClosed.selector, last + 1, last));
        this.answer(_slot);
        uint256 end = last + _terms().slashWindow;
        vm.roll(end + 1);
        vm.expectRevert(abi.encodeWithSelector(IDASampling.WindowClosed.selector, end + 1, end));
        this.slashSilent(_slot);
        vm.roll(end);
        this.slashSilent(_slot);
    }

    function test_WhoIsNotAskedNeitherAnswersNorIsSlashed() external {
        vm.expectRevert(abi.encodeWithSelector(IDASampling.NotAudited.selector, _case.id, _spared));
        this.answer(_spared);
        _afterWindow();
        vm.expectRevert(abi.encodeWithSelector(IDASampling.NotAudited.selector, _case.id, _spared));
        this.slashSilent(_spared);
    }

    function test_WhoDidNotSignHasNothingToAnswerFor() external {
        _case.certificate.absent = 1 << _slot;
        _put(_case, vm.getBlockNumber() - 1, vm.getBlockNumber());
        vm.expectRevert(abi.encodeWithSelector(IDASampling.DidNotSign.selector, _case.id, _slot));
        this.answer(_slot);
        _afterWindow();
        vm.expectRevert(abi.encodeWithSelector(IDASampling.DidNotSign.selector, _case.id, _slot));
        this.slashSilent(_slot);
    }

    function test_OneWithoutStakeInTheEpochIsNoSigner() external {
        // Slots that are asked and free.
        uint8 free = uint8(VALIDATORS);
        while (!Draw.audited(_case.certificate.auditSeed, free, _terms().auditBps)) ++free;
        _afterWindow();
        vm.expectRevert(abi.encodeWithSelector(IDASampling.NotASigner.selector, free, EPOCH));
        this.slashSilent(free);
    }

    function test_OnlyTheCertificateOnRecordCounts() external {
        _case.certificate.auditSeed = keccak256("kinder");
        vm.expectPartialRevert(IDASampling.CertificateMismatch.selector);
        this.answer(_slot);
        _afterWindow();
        vm.expectPartialRevert(IDASampling.CertificateMismatch.selector);
        this.slashSilent(_slot);
    }

    function test_ABatchThatWasNotConfirmedIsNotAudited() external {
        _put(_case, vm.getBlockNumber() - 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IDASampling.NotConfirmed.selector, _case.id));
        this.answer(_slot);
        vm.expectRevert(abi.encodeWithSelector(IDASampling.NotConfirmed.selector, _case.id));
        this.slashSilent(_slot);
    }

    function test_AnotherCellIsNoAnswer() external {
        IDASampling.Attested memory a = _attested(_case, _slot);
        bytes32 seed = _case.certificate.auditSeed;
        (uint256 index, uint256 row) = Draw.auditedCell(seed, _slot, _terms().samples, _case.rowCount);
        uint256 column = Draw.column(a.signature, index);
        IDASampling.Shown memory shown = _cellAt(_case, (row + 1) % _case.rowCount, column);
        vm.expectPartialRevert(BatchRows.NotUnderRowsRoot.selector);
        sampling.answerAudit(a, shown);
        shown = _cellAt(_case, row, Draw.column(a.signature, (index + 1) % _terms().samples));
        vm.expectPartialRevert(BatchRows.NotUnderRowsRoot.selector);
        sampling.answerAudit(a, shown);
        sampling.answerAudit(a, _cellAt(_case, row, column));
    }

    function test_AnotherOnesSignatureIsNoAnswer() external {
        IDASampling.Attested memory a = _attested(_case, _slot);
        a.signature = Signing.attest(_secretOf(_spared), _message(_case));
        IDASampling.Shown memory shown = _askedCell(_case, _slot, a.signature);
        vm.expectRevert(IDASampling.SignatureInvalid.selector);
        sampling.answerAudit(a, shown);
        a.key = Signing.publicKey(_secretOf(_spared));
        vm.expectPartialRevert(IDASampling.KeyMismatch.selector);
        sampling.answerAudit(a, shown);
    }

    /// @dev A11: the same key's signature over one thing else: chain, contract, batch, epoch, seed. And over anything.
    function test_A11_EachFieldOfTheMessageAnswersForItselfAlone() external {
        bytes32 seed = _case.certificate.seed;
        vm.assertEq(_messageWith(31337, address(entrance), _case.id, EPOCH, seed), _message(_case));
        _unanswered(_messageWith(2, address(entrance), _case.id, EPOCH, seed));
        _unanswered(_messageWith(31337, address(signers), _case.id, EPOCH, seed));
        _unanswered(_messageWith(31337, address(entrance), keccak256("another batch"), EPOCH, seed));
        _unanswered(_messageWith(31337, address(entrance), _case.id, EPOCH - 1, seed));
        _unanswered(_messageWith(31337, address(entrance), _case.id, EPOCH, keccak256("another seed")));
        this.answer(_slot);
    }

    function testFuzz_A11_SignaturesOverOtherMessagesAreNoAnswer(bytes32 message) external {
        vm.assume(message != _message(_case));
        _unanswered(message);
    }

    function testFuzz_OneBitWrongIsNoAnswer(uint256 part, uint256 bit) external {
        IDASampling.Attested memory a = _attested(_case, _slot);
        IDASampling.Shown memory shown = _askedCell(_case, _slot, a.signature);
        part = part % 6;
        bytes32 one = bytes32(1 << ((bit >> 16) % 256));
        if (part == 0) shown.cell[bit % 2048] ^= bytes1(uint8(1 << ((bit >> 16) % 8)));
        if (part == 1) shown.proof.path[bit % shown.proof.path.length] ^= one;
        if (part == 2) shown.proof.nodes[bit % shown.proof.nodes.length] ^= one;
        if (part == 3) a.key.xLo ^= uint256(one);
        if (part == 4) a.signature.y0Lo ^= uint256(one);
        if (part == 5) a.certificate.absent ^= uint256(one);
        try sampling.answerAudit(a, shown) {
            vm.assertTrue(false, "accepted");
        } catch {}
        vm.assertEq(sampling.settledOf(_case.id), 0);
    }

    function test_HintsAreChecked() external {
        IDASampling.Attested memory a = _attested(_case, _slot);
        a.slotHint = 3;
        IDASampling.Shown memory shown = _askedCell(_case, _slot, a.signature);
        vm.expectRevert(abi.encodeWithSelector(SomeSigners.WrongHint.selector, 3, EPOCH));
        sampling.answerAudit(a, shown);
        _afterWindow();
        vm.expectRevert(abi.encodeWithSelector(SomeSigners.WrongHint.selector, 3, EPOCH));
        sampling.slashSilent(_case.id, _case.certificate, _slot, 3);
    }

    function answer(uint8 slot) external {
        _answer(_case, slot);
    }

    function slashSilent(uint8 slot) external returns (uint96) {
        vm.prank(reporter);
        return sampling.slashSilent(_case.id, _case.certificate, slot, 0);
    }

    /// @dev With the cell that this very signature draws, so that nothing but the signature is left to refuse.
    function _unanswered(bytes32 message) private {
        IDASampling.Attested memory a = _attested(_case, _slot);
        a.signature = Signing.attest(_secretOf(_slot), message);
        IDASampling.Shown memory shown = _askedCell(_case, _slot, a.signature);
        vm.expectRevert(IDASampling.SignatureInvalid.selector);
        sampling.answerAudit(a, shown);
    }

    function _messageWith(
        uint256 chainId,
        address at,
        bytes32 batchId,
        uint64 epoch,
        bytes32 seed
    ) private pure returns (bytes32) {
        bytes32 domainType = keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        );
        bytes32 domain = keccak256(abi.encode(domainType, keccak256("0G-DA"), keccak256("1"), chainId, at));
        bytes32 typeHash = keccak256("Attestation(bytes32 batchId,uint64 epoch,bytes32 seed)");
        return keccak256(abi.encode(typeHash, domain, batchId, epoch, seed));
    }

    function _afterWindow() private {
        vm.roll(vm.getBlockNumber() + _terms().auditWindow + 1);
    }
}
