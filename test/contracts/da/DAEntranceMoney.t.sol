// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DAEntrance} from "../../../contracts/da/DAEntrance.sol";
import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {Cast} from "../../../contracts/libraries/Cast.sol";
import {EntranceTest} from "./EntranceTest.sol";

/// @notice Takes money and, while it gets it, calls again.
contract Reentrant {
    DAEntrance private immutable _entrance;
    bytes private _again;
    bool public succeeded;

    constructor(DAEntrance entrance) {
        _entrance = entrance;
    }

    function submit(IDAEntrance.BatchCommitment calldata c) external payable returns (bytes32) {
        return _entrance.submitBatch{value: msg.value}(c);
    }

    function withdraw(bytes calldata again) external {
        _again = again;
        _entrance.withdraw(payable(address(this)));
    }

    receive() external payable {
        if (_again.length != 0) (succeeded, ) = address(_entrance).call(_again);
    }
}

/// @notice Refuses money.
contract Refuser {
    function submit(DAEntrance entrance, IDAEntrance.BatchCommitment calldata c) external payable returns (bytes32) {
        return entrance.submitBatch{value: msg.value}(c);
    }

    function withdrawTo(DAEntrance entrance, address payable to) external {
        entrance.withdraw(to);
    }
}

/// @notice Takes money and answers with a megabyte.
contract Windbag {
    receive() external payable {
        assembly ("memory-safe") {
            return(0, 1000000)
        }
    }
}

/// @notice Failure, bonds, credit: who gets what, when, once.
contract DAEntranceMoneyTest is EntranceTest {
    function setUp() external {
        _deployWith(4);
    }

    function test_AnUnavailableBatchReturnsFeeAndBondButNotTheDaFee() external {
        Case memory c = _submitted(_case());
        uint256 paid = address(entrance).balance;
        uint256 pool = entrance.samplingPool();
        _expire(c);
        vm.prank(actor("anyone"));
        entrance.failBatch(c.id);
        vm.assertEq(entrance.credit(submitter), paid - pool);
        vm.assertEq(pool, 15 * uint256(DA_FEE));
        vm.assertTrue(entrance.record(c.id).failed);
        vm.assertEq(uint256(entrance.statusOf(c.id)), uint256(IDAEntrance.Status.Unavailable));
        vm.prank(submitter);
        entrance.withdraw(payable(submitter));
        vm.assertEq(submitter.balance, paid - pool);
        vm.assertEq(address(entrance).balance, pool);
    }

    function test_FailureHappensOnceAndAfterTheDeadline() external {
        Case memory c = _submitted(_case());
        bytes memory early = abi.encodeWithSelector(
            IDAEntrance.WrongStatus.selector,
            c.id,
            IDAEntrance.Status.Submitted,
            IDAEntrance.Status.Unavailable
        );
        vm.roll(entrance.confirmDeadline(c.id));
        vm.expectRevert(early);
        entrance.failBatch(c.id);
        _expire(c);
        entrance.failBatch(c.id);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.AlreadyFailed.selector, c.id));
        entrance.failBatch(c.id);
    }

    function test_AConfirmedBatchDoesNotFail() external {
        Case memory c = _confirmed(_case());
        _expire(c);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDAEntrance.WrongStatus.selector,
                c.id,
                IDAEntrance.Status.Available,
                IDAEntrance.Status.Unavailable
            )
        );
        entrance.failBatch(c.id);
    }

    function test_TheBondComesBackOnceAndAfterTheRetention() external {
        Case memory c = _confirmed(_case());
        uint64 until = entrance.retainUntil(c.id);
        vm.roll(until);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.StillRetained.selector, until, until));
        entrance.withdrawBond(c.id);
        vm.roll(until + 1);
        vm.prank(actor("anyone"));
        entrance.withdrawBond(c.id);
        vm.assertEq(entrance.credit(submitter), 15 * uint256(BOND));
        vm.assertTrue(entrance.record(c.id).bondWithdrawn);
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.AlreadyWithdrawn.selector, c.id));
        entrance.withdrawBond(c.id);
    }

    function test_AnUnconfirmedBatchHasNoBondToWithdraw() external {
        Case memory c = _submitted(_case());
        _expectNotAvailable(c, IDAEntrance.Status.Submitted);
        _expire(c);
        _expectNotAvailable(c, IDAEntrance.Status.Unavailable);
        entrance.failBatch(c.id);
        _expectNotAvailable(c, IDAEntrance.Status.Unavailable);
    }

    function test_NothingIsWithdrawnFromNoCredit() external {
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.NothingToWithdraw.selector, address(this)));
        entrance.withdraw(payable(address(this)));
    }

    function test_A24_AReentrantReceiverGetsItsMoneyOnce() external {
        Reentrant thief = new Reentrant(entrance);
        Case memory c = _case();
        uint256 quote = _quote(c);
        vm.deal(address(this), quote);
        c.id = thief.submit{value: quote}(c.commitment);
        // Others' money is there to be stolen.
        _submit(_case(15, 10_000, "other"));
        _expire(c);
        entrance.failBatch(c.id);
        uint256 credit = entrance.credit(address(thief));
        uint256 state = vm.snapshotState();

        bytes[4] memory again = [
            abi.encodeCall(IDAEntrance.withdraw, (payable(address(thief)))),
            abi.encodeCall(IDAEntrance.failBatch, (c.id)),
            abi.encodeCall(IDAEntrance.withdrawBond, (c.id)),
            abi.encodeCall(IDAEntrance.confirmBatch, (c.id, c.rowNodes, c.metadataNodes, _noAttestation()))
        ];
        for (uint256 i = 0; i < again.length; ++i) {
            thief.withdraw(again[i]);
            vm.assertFalse(thief.succeeded());
            vm.assertEq(address(thief).balance, credit);
            vm.revertToState(state);
        }
    }

    function test_A25_AReceiverThatRefusesHarmsItselfAlone() external {
        Refuser refuser = new Refuser();
        Case memory c = _case();
        uint256 quote = _quote(c);
        vm.deal(address(this), quote);
        c.id = refuser.submit{value: quote}(entrance, c.commitment);
        Case memory other = _case(15, 10_000, "other");
        _submit(other);
        _expire(c);
        entrance.failBatch(c.id);
        entrance.failBatch(other.id);

        uint256 credit = entrance.credit(address(refuser));
        vm.expectRevert(abi.encodeWithSelector(IDAEntrance.WithdrawalRefused.selector, address(refuser), credit));
        refuser.withdrawTo(entrance, payable(address(refuser)));
        vm.assertEq(entrance.credit(address(refuser)), credit);
        vm.prank(submitter);
        entrance.withdraw(payable(submitter));
        vm.assertGt(submitter.balance, 0);
        // It can still name someone who takes it, however much that one has to say.
        Windbag windbag = new Windbag();
        refuser.withdrawTo(entrance, payable(address(windbag)));
        vm.assertEq(address(windbag).balance, credit);
    }

    /// @dev Whatever parameters the constructor accepts, a batch passes through and all money comes out again.
    function testFuzz_A32_AcceptedParametersWork(uint64 window, uint64 retention, uint96 bond, uint96 daFee) external {
        window = uint64(bound(window, 1, 250));
        retention = uint64(bound(retention, 1, type(uint48).max));
        entrance = _newEntrance(window, retention, bond, daFee).entrance();
        Case memory c = _confirmed(_case());
        Case memory late = _case(512, 1_179_648, "late");
        _submit(late);
        _expire(late);
        entrance.failBatch(late.id);
        uint256 until = entrance.retainUntil(c.id);
        vm.roll((until > vm.getBlockNumber() ? until : vm.getBlockNumber()) + 1);
        entrance.withdrawBond(c.id);
        vm.prank(submitter);
        entrance.withdraw(payable(submitter));
        vm.assertEq(address(entrance).balance, (15 + 512) * uint256(daFee));
        vm.assertEq(entrance.samplingPool(), (15 + 512) * uint256(daFee));
    }

    function test_A32_AFeeBeyond96BitsIsRefused() external {
        vm.prank(priceAdmin);
        market.setPricePerSector(type(uint96).max);
        Case memory c = _case();
        uint256 quote = _quote(c);
        vm.deal(submitter, quote);
        vm.expectPartialRevert(Cast.CastOverflow.selector);
        vm.prank(submitter);
        entrance.submitBatch{value: quote}(c.commitment);
    }

    function _expectNotAvailable(Case memory c, IDAEntrance.Status status) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IDAEntrance.WrongStatus.selector, c.id, status, IDAEntrance.Status.Available)
        );
        entrance.withdrawBond(c.id);
    }

    function _noAttestation() internal pure returns (IDASigners.Attestation memory a) {}
}
