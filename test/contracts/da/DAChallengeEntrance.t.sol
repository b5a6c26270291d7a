// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DAChallenge} from "../../../contracts/da/DAChallenge.sol";
import {DAEntrance} from "../../../contracts/da/DAEntrance.sol";
import {IDAChallenge} from "../../../contracts/interfaces/IDAChallenge.sol";
import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {PartnerDouble} from "./EntranceFactory.sol";
import {EntranceTest} from "./EntranceTest.sol";
import {KnownRows} from "./KnownRows.sol";

/// @notice Deploys challenges, then the entrance that they name: children 1, 2 and 3 of this contract.
contract ChallengedFactory {
    DAChallenge public immutable challenges;
    PartnerDouble public immutable sampling;
    DAEntrance public immutable entrance;

    constructor(address flow, address signers, IDAEntrance.Terms memory terms) {
        address third = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), uint8(3))))));
        challenges = new DAChallenge(third, 256, 1 gwei);
        sampling = new PartnerDouble(third);
        entrance = new DAEntrance(flow, IDAEntrance.Partners(signers, address(sampling), address(challenges)), terms);
    }
}

/// @notice Challenges on their real parts: a batch that real validators certified, its bond, and its flag.
contract DAChallengeEntranceTest is EntranceTest {
    using KnownRows for KnownRows.Batch;

    DAChallenge internal asked;
    KnownRows.Batch internal rows;
    Case internal certified;
    IDAChallenge.CellId internal where;
    uint256 internal price;
    uint256 internal bond;
    address internal challenger = actor("challenger");
    address internal node = actor("node");

    function setUp() external {
        _deploySystem();
        ChallengedFactory factory = new ChallengedFactory(
            address(flow),
            address(signers),
            IDAEntrance.Terms(WINDOW, RETENTION, BOND, DA_FEE)
        );
        (entrance, sampling, asked) = (factory.entrance(), factory.sampling(), factory.challenges());
        _joinMany(4, 1 ether);
        _settle();
        rows = KnownRows.make("certified", 15, 6);
        Case memory c = _case(15, 10_000, "certified");
        (c.rowNodes, c.commitment.rowsRoot) = (rows.nodes, rows.rowsRoot);
        certified = _confirmed(c);
        where = IDAChallenge.CellId(certified.id, 6, 100);
        (price, bond) = (asked.requiredBond(certified.id), entrance.record(certified.id).bond);
    }

    function test_AnAnsweredBatchKeepsItsBond() external {
        _ask();
        vm.prank(node);
        asked.answer(where, rows.cell(100), rows.proof(100));
        vm.assertEq(asked.credit(node), price);
        vm.assertFalse(entrance.record(certified.id).withheld);
        vm.roll(uint256(entrance.retainUntil(certified.id)) + 1);
        entrance.withdrawBond(certified.id);
        vm.assertEq(entrance.credit(challenger), 0);
    }

    function test_A19_AWithheldBatchLosesItsBondHalfToWhoAskedHalfToNobody() external {
        _ask();
        vm.roll(vm.getBlockNumber() + 257);
        uint256 burnt = entrance.burnt();
        asked.resolve(where);
        vm.assertTrue(entrance.record(certified.id).withheld);
        vm.assertEq(entrance.credit(challenger), bond / 2);
        vm.assertEq(entrance.burnt() - burnt, bond - bond / 2);
        vm.assertEq(asked.credit(challenger), price);
        vm.roll(uint256(entrance.retainUntil(certified.id)) + 1);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.BondForfeited.selector, certified.id));
        entrance.withdrawBond(certified.id);
    }

    /// @dev The retention may pass while a challenge waits to be resolved: the bond waits, too.
    function test_NoBondIsReturnedOverAnOpenChallenge() external {
        vm.roll(uint256(entrance.retainUntil(certified.id)) - 256);
        _ask();
        vm.roll(uint256(entrance.retainUntil(certified.id)) + 1);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.ChallengesOpen.selector, certified.id, 1));
        entrance.withdrawBond(certified.id);
        asked.resolve(where);
        vm.assertEq(entrance.credit(challenger), bond / 2);
    }

    function test_TheBondIsLostOnceHoweverManyCellsAreMissing() external {
        _ask();
        where.column = 3;
        _ask();
        vm.roll(vm.getBlockNumber() + 257);
        asked.resolve(where);
        where.column = 100;
        asked.resolve(where);
        vm.assertEq(entrance.credit(challenger), bond / 2);
        vm.assertEq(asked.credit(challenger), 2 * price);
    }

    function test_ABatchWithoutACertificateIsNotChallenged() external {
        Case memory c = _submitted(_case(15, 10_000, "submitted"));
        vm.deal(challenger, price);
        vm.expectRevert(abi.encodeWithSelector(IDAChallenge.NotAvailable.selector, c.id));
        vm.prank(challenger);
        asked.challenge{value: price}(IDAChallenge.CellId(c.id, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.UnknownBatch.selector, bytes32("unknown")));
        vm.prank(challenger);
        asked.challenge{value: price}(IDAChallenge.CellId("unknown", 0, 0));
    }

    /// @dev What an answer costs here, without the calldata, is below what the bond is made of.
    function test_AnAnswerCostsLessThanItsBond() external {
        _ask();
        bytes memory data = abi.encodeCall(IDAChallenge.answer, (where, rows.cell(100), rows.proof(100)));
        uint256 tokens = 0;
        for (uint256 i = 0; i < data.length; ++i) tokens += data[i] == 0 ? 1 : 4;
        vm.prank(node);
        uint256 before = gasleft();
        (bool success, ) = address(asked).call(data);
        uint256 used = before - gasleft() + 21_000 + 4 * tokens;
        vm.assertTrue(success);
        vm.assertLe(used, asked.ANSWER_GAS());
    }

    function _ask() internal {
        vm.deal(challenger, price);
        vm.prank(challenger);
        asked.challenge{value: price}(where);
    }
}
