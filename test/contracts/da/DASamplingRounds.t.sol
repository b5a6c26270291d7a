// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DASampling} from "../../../contracts/da/DASampling.sol";
import {IDASampling} from "../../../contracts/interfaces/IDASampling.sol";
import {Lottery} from "../../../contracts/libraries/Lottery.sol";
import {Rounds} from "../../../contracts/libraries/Rounds.sol";
import {Round} from "../../../contracts/types/Round.sol";
import {SamplingTest} from "./SamplingTest.sol";
import {SomeSigners} from "./SamplingDoubles.sol";

/// @notice Rounds as claims make them, and what the constructor refuses. One validator, four samples, and a fee of four
/// least prizes: every ticket wins.
contract DASamplingRoundsTest is SamplingTest {
    /// @dev Sixteen fees are four least prizes.
    uint256 internal constant ROWS = 16;

    function setUp() external {
        _deploy();
        for (uint8 slot = 1; slot < VALIDATORS; ++slot) signers.add(slot, address(1), 0, 0);
        _deploySampling(_sure());
    }

    function test_ARoundThatIsFullMakesTicketsWait() external {
        Case memory a = _confirmed("a", ROWS);
        Case memory b = _confirmed("b", ROWS);
        for (uint8 i = 0; i < 4; ++i) _claimAt(a, i, 0);
        for (uint8 i = 0; i < 2; ++i) _claimAt(b, i, 0);
        (uint256 round, uint256 prize, uint256 left) = sampling.currentRound();
        vm.assertEq(round, 0);
        vm.assertEq(prize, MIN_PRIZE);
        vm.assertEq(left, 0);
        vm.expectRevert(abi.encodeWithSelector(Rounds.RoundFull.selector, 0, 6));
        this.claimAt(b, 2, 0);
        vm.roll(START + 50);
        _claimAt(b, 2, 0);
        (round, prize, left) = sampling.currentRound();
        vm.assertEq(round, 1);
        vm.assertEq(prize, (uint256(MIN_PRIZE) * 5) / 4);
        vm.assertEq(left, 5);
        vm.assertEq(entrance.credit(_accountOf(0)), 7 * uint256(MIN_PRIZE));
    }

    /// @dev The prize of a batch is that of the round of its submission, whenever it is claimed, and with no other hint.
    function test_APrizeIsThatOfTheRoundOfSubmission() external {
        Case memory a = _confirmed("a", ROWS);
        Case memory b = _confirmed("b", ROWS);
        for (uint8 i = 0; i < 4; ++i) _claimAt(a, i, 0);
        // Round 1: 4 claims where 3 are wanted make 13/12.
        vm.roll(START + 60);
        uint256 later = (uint256(MIN_PRIZE) * 13) / 12;
        vm.assertEq(sampling.prizeAt(0), MIN_PRIZE);
        vm.assertEq(sampling.prizeAt(1), later);
        vm.expectRevert(abi.encodeWithSelector(IDASampling.WindowNotOpen.selector, START + 60, START + 100));
        sampling.prizeAt(2);

        Case memory c = _winner(1);
        (uint8 index, bool found) = _winningIndex(c, later);
        vm.assertTrue(found);
        // Another round with claims comes between: now the hint matters.
        _claimAt(b, 0, 0);
        vm.roll(START + 110);
        _claimAt(b, 1, 0);
        vm.assertEq(sampling.roundEntry(2).number, 2);
        vm.expectRevert(abi.encodeWithSelector(Rounds.WrongRound.selector, 2, 1));
        this.claimAt(c, index, 2);
        vm.expectRevert(abi.encodeWithSelector(Rounds.WrongRound.selector, 0, 1));
        this.claimAt(c, index, 0);
        uint256 before = entrance.credit(_accountOf(0));
        _claimAt(c, index, 1);
        vm.assertEq(entrance.credit(_accountOf(0)) - before, later);
    }

    /// @dev A21: ten thousand silent rounds, then a claim: its gas is that of any first claim of a round.
    function test_A21_TenThousandIdleRoundsCostNothing() external {
        Case memory a = _confirmed("a", ROWS);
        Case memory b = _confirmed("b", ROWS);
        for (uint8 i = 0; i < 4; ++i) _claimAt(a, i, 0);
        uint256 state = vm.snapshotState();
        vm.roll(START + 51);
        uint256 soon = _gasOfClaim(b);
        vm.revertToState(state);
        vm.roll(START + 10_000 * 50);
        uint256 late = _gasOfClaim(_confirmed("late", ROWS));
        vm.assertLe(late, soon + 5_000);
        (, uint256 prize, ) = sampling.currentRound();
        vm.assertEq(prize, MIN_PRIZE);
    }

    function test_TermsAreThoseOfTheConstructor() external view {
        vm.assertEq(abi.encode(sampling.terms()), abi.encode(_sure()));
        vm.assertEq(sampling.entrance(), address(entrance));
        vm.assertEq(sampling.signers(), address(signers));
        vm.assertEq(sampling.firstBlock(), START);
        Round memory first = sampling.roundEntry(0);
        vm.assertEq(abi.encode(first), abi.encode(Round(0, MIN_PRIZE, 0)));
    }

    function test_TermsOutOfRangeAreRefused() external {
        IDASampling.Terms memory t = _sure();
        t.samples = 3;
        _refused(t, 3, 4, 128);
        t.samples = 129;
        _refused(t, 129, 4, 128);
        t = _sure();
        t.claimWindow = 0;
        _refused(t, 0, 1, type(uint32).max);
        t = _sure();
        t.auditWindow = 0;
        _refused(t, 0, 1, type(uint32).max);
        t = _sure();
        t.slashWindow = 0;
        _refused(t, 0, 1, type(uint32).max);
        t = _sure();
        t.auditBps = 0;
        _refused(t, 0, 1, 10_000);
        t.auditBps = 10_001;
        _refused(t, 10_001, 1, 10_000);
        t = _sure();
        t.roundBlocks = 0;
        _refused(t, 0, 1, type(uint32).max);
        t = _sure();
        t.targetClaims = 0;
        _refused(t, 0, 1, type(uint16).max);
        t = _sure();
        t.minPrize = 0;
        _refused(t, 0, 1, Lottery.MOST_PRIZE);
    }

    function test_PartnersMustKnowEachOther() external {
        address nobody = actor("nobody");
        vm.expectRevert(abi.encodeWithSelector(IDASampling.NoCode.selector, nobody));
        new DASampling(address(entrance), nobody, _sure());
        signers.setSampling(nobody);
        vm.expectPartialRevert(IDASampling.WrongPartner.selector);
        new DASampling(address(entrance), address(signers), _sure());
    }

    /// @dev 250 blocks to confirm, 300 to answer, 200 to punish: stake that leaves must stay for all of them.
    function test_AnUnbondingShorterThanAllWindowsIsRefused() external {
        signers = new SomeSigners(EPOCH, 749);
        signers.setSampling(vm.computeCreateAddress(address(this), vm.getNonce(address(this))));
        vm.expectRevert(abi.encodeWithSelector(IDASampling.UnbondingTooShort.selector, 749, 750));
        new DASampling(address(entrance), address(signers), _sure());
        signers = new SomeSigners(EPOCH, 750);
        _deploySampling(_sure());
    }

    function claimAt(Case memory c, uint8 index, uint32 hint) external {
        _claimAt(c, index, hint);
    }

    function _claimAt(Case memory c, uint8 index, uint32 hint) private {
        IDASampling.Attested memory a = _attested(c, 0);
        IDASampling.Ticket memory t = _ticket(index);
        t.roundHint = hint;
        sampling.claimSample(a, t, _shown(c, a.signature, index));
    }

    function _gasOfClaim(Case memory c) private returns (uint256 used) {
        IDASampling.Attested memory a = _attested(c, 0);
        IDASampling.Shown memory shown = _shown(c, a.signature, 0);
        used = gasleft();
        sampling.claimSample(a, _ticket(0), shown);
        used -= gasleft();
    }

    /// @dev A batch of `rows` in which a ticket wins the round's prize: it has a fee below four of them.
    function _winner(uint256 rows) private returns (Case memory c) {
        uint256 state = vm.getBlockNumber();
        for (uint256 salt = 0; ; ++salt) {
            vm.roll(state);
            c = _confirmed(keccak256(abi.encode(salt)), rows);
            (, bool found) = _winningIndex(c, sampling.prizeAt(1));
            if (found) return c;
        }
    }

    function _winningIndex(Case memory c, uint256 prize) private view returns (uint8 index, bool found) {
        IDASampling.Attested memory a = _attested(c, 0);
        bytes32 signatureHash = keccak256(abi.encode(a.signature));
        for (index = 0; index < 4; ++index) {
            bytes32 found_ = this.quality(c.id, signatureHash, index, _shown(c, a.signature, index).cell);
            if (Lottery.wins(found_, FEE * c.rowCount, STAKE, STAKE, 4, prize)) return (index, true);
        }
    }

    function quality(bytes32 id, bytes32 author, uint256 index, bytes calldata cell) external pure returns (bytes32) {
        return Lottery.quality(id, author, index, cell);
    }

    /// @dev Four samples and a fee of more than four least prizes of one batch: p = 1.
    function _sure() private pure returns (IDASampling.Terms memory t) {
        t = _terms();
        t.samples = 4;
    }

    function _refused(IDASampling.Terms memory t, uint256 value, uint256 least, uint256 most) private {
        vm.expectRevert(abi.encodeWithSelector(IDASampling.ParameterOutOfRange.selector, value, least, most));
        new DASampling(address(entrance), address(signers), t);
    }
}
