// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Flow} from "../../../contracts/flow/Flow.sol";
import {IFlow} from "../../../contracts/interfaces/IFlow.sol";
import {Submission, SubmissionNode} from "../../../contracts/types/Submission.sol";
import {StorageTest} from "../base/StorageTest.sol";

/// @notice A caller that does something when its surplus comes back.
contract Caller {
    enum Mood {
        Takes,
        Refuses,
        BurnsGas,
        ReturnsMuch,
        SubmitsAgain
    }

    Flow private immutable _flow;
    Mood private _mood;

    constructor(Flow flow) payable {
        _flow = flow;
    }

    receive() external payable {
        if (_mood == Mood.Refuses) revert("no, thank you");
        while (_mood == Mood.BurnsGas) {}
        if (_mood == Mood.ReturnsMuch) {
            assembly ("memory-safe") {
                return(0, 1000000)
            }
        }
        if (_mood == Mood.SubmitsAgain) {
            _mood = Mood.Takes;
            Submission memory entry;
            entry.submitter = address(this);
            entry.data.length = 1;
            entry.data.nodes = new SubmissionNode[](1);
            _flow.submit{value: msg.value}(entry);
        }
    }

    function submit(Submission calldata entry, uint256 value, Mood mood) external {
        _mood = mood;
        _flow.submit{value: value}(entry);
    }
}

contract FlowFeesTest is StorageTest {
    Caller private _caller;

    function setUp() public override {
        super.setUp();
        _caller = new Caller{value: 100 ether}(flow);
    }

    /// Exactly sectors × price is taken, the rest comes back in the same call.
    function testFuzz_TheSurplusComesBack(uint256 sectors, uint256 surplus) external {
        sectors = bound(sectors, 1, 1 << 20);
        surplus = bound(surplus, 0, 1e24);
        Submission memory entry = entryOf(alice, sectors, "x");
        uint256 fee = paddedSectors(sectors) * PRICE;
        uint256 had = alice.balance;
        vm.prank(alice);
        flow.submit{value: fee + surplus}(entry);
        vm.assertEq(alice.balance, had - fee);
        vm.assertEq(address(reward).balance, fee);
        vm.assertEq(address(flow).balance, 0);
        vm.assertEq(address(market).balance, 0);
    }

    function testFuzz_ABatchPaysForAllOfItsEntries(uint256[4] calldata sectors, uint256 surplus) external {
        surplus = bound(surplus, 0, 1e24);
        Submission[] memory entries = new Submission[](4);
        uint256 fee = 0;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 size = bound(sectors[i], 1, 1 << 18);
            entries[i] = entryOf(alice, size, bytes32(i));
            fee += paddedSectors(size) * PRICE;
        }
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IFlow.NotEnoughFee.selector, PRICE, fee / PRICE, fee - 1));
        flow.batchSubmit{value: fee - 1}(entries);

        uint256 had = alice.balance;
        vm.prank(alice);
        flow.batchSubmit{value: fee + surplus}(entries);
        vm.assertEq(alice.balance, had - fee);
        vm.assertEq(address(reward).balance, fee);
    }

    function test_OneWeiTooLittleIsRefused() external {
        Submission memory entry = entryOf(alice, 17, "x");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IFlow.NotEnoughFee.selector, PRICE, 18, 18 * PRICE - 1));
        flow.submit{value: 18 * PRICE - 1}(entry);
        vm.assertEq(flow.numSubmissions(), 0);
    }

    /// Fault 13 of 0G's: what lies in Flow pays for nobody.
    function test_EtherForcedIntoFlowPaysForNobody() external {
        vm.deal(address(flow), 1 ether);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IFlow.NotEnoughFee.selector, PRICE, 1, 0));
        flow.submit(entryOf(alice, 1, "x"));
        uint256 had = alice.balance;
        vm.prank(alice);
        flow.submit{value: 2 * PRICE}(entryOf(alice, 1, "x"));
        vm.assertEq(alice.balance, had - PRICE);
        vm.assertEq(address(flow).balance, 1 ether);
    }

    /// A real transaction of 0G's network, to the wei: 1 MiB and 17 bytes are 4097 sectors, billed as 4608.
    function test_TheFeeIsThatOfARealTransaction() external {
        Submission memory entry = entryOf(alice, 4097, "x");
        uint256 had = alice.balance;
        vm.prank(alice);
        flow.submit{value: 1 ether}(entry);
        vm.assertEq(had - alice.balance, 141_620_635_984_896);
    }

    /// A25: a caller that does not take its surplus harms itself and nobody else.
    function test_A25_ACallerThatRefusesItsSurplusHasSubmittedNothing() external {
        Submission memory entry = entryOf(address(_caller), 1, "x");
        vm.expectRevert(abi.encodeWithSelector(IFlow.RefundRefused.selector, address(_caller), 1));
        _caller.submit(entry, PRICE + 1, Caller.Mood.Refuses);
        vm.expectRevert();
        _caller.submit{gas: 5_000_000}(entry, PRICE + 1, Caller.Mood.BurnsGas);
        vm.assertEq(flow.numSubmissions(), 0);

        _caller.submit(entry, PRICE, Caller.Mood.Refuses);
        _caller.submit(entry, PRICE + 1, Caller.Mood.ReturnsMuch);
        submitAs(alice, entryOf(alice, 1, "y"));
        vm.assertEq(flow.numSubmissions(), 3);
    }

    /// A24: the surplus goes out last; who submits again from there is an ordinary next caller.
    function test_A24_SubmittingAgainFromTheRefundIsTwoSubmits() external {
        Submission memory entry = entryOf(address(_caller), 5, "x");
        uint256 had = address(_caller).balance;
        _caller.submit(entry, 10 ether, Caller.Mood.SubmitsAgain);
        vm.assertEq(had - address(_caller).balance, 6 * PRICE);
        vm.assertEq(address(reward).balance, 6 * PRICE);
        vm.assertEq(address(flow).balance, 0);
        vm.assertEq(flow.numSubmissions(), 2);
        (uint256 length, ) = flow.tree();
        vm.assertEq(length, 10);
    }

    /// A32: a new price holds for entries submitted from then on and takes nothing from those before.
    function test_A32_APriceChangeDoesNotTouchWhatIsPaid() external {
        submitAs(alice, entryOf(alice, 16, "x"));
        uint256 pooled = address(reward).balance;
        vm.prank(admin);
        market.setPricePerSector(PRICE * 3);
        submitAs(alice, entryOf(alice, 16, "y"));
        vm.assertEq(address(reward).balance, 2 * pooled);
        vm.roll(block.number + market.NOTICE_BLOCKS());
        vm.assertEq(address(reward).balance, 2 * pooled);
        submitAs(alice, entryOf(alice, 16, "z"));
        vm.assertEq(address(reward).balance, 5 * pooled);
    }
}
