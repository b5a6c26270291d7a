// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DASigners} from "../../../contracts/da/DASigners.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {G1, G2} from "../../../contracts/types/Points.sol";
import {SignersTest} from "./SignersTest.sol";

/// @notice A validator's account that is a contract: it does what its mode says when it is paid.
contract Receiver {
    enum Mode {
        Take,
        Revert,
        Burn,
        Megabyte,
        Withdraw,
        Register,
        Exit
    }

    DASigners private immutable _signers;
    Mode public mode;
    bool public reentered;
    bytes private _registration;

    constructor(DASigners signers) {
        _signers = signers;
    }

    receive() external payable {
        if (mode == Mode.Take) return;
        if (mode == Mode.Revert) revert("no");
        if (mode == Mode.Burn) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (mode == Mode.Megabyte) {
            assembly ("memory-safe") {
                return(0, 1000000)
            }
        }
        bytes memory data = abi.encodeCall(IDASigners.withdraw, (payable(address(this))));
        if (mode == Mode.Register) data = _registration;
        if (mode == Mode.Exit) data = abi.encodeCall(IDASigners.requestWithdraw, (1 ether));
        (reentered, ) = address(_signers).call{value: mode == Mode.Register ? msg.value : 0}(data);
    }

    function set(Mode mode_, bytes calldata registration) external {
        (mode, _registration) = (mode_, registration);
    }

    function act(bytes calldata data) external payable returns (bool success) {
        (success, ) = address(_signers).call{value: msg.value}(data);
    }
}

/// @notice Money leaves once, by pull, whatever its receiver does.
contract DASignersMoneyTest is SignersTest {
    Receiver internal receiver;
    bytes internal registration;

    function setUp() external {
        _deploySigners();
        _join(5 ether);
        receiver = new Receiver(signers);
        vm.deal(address(this), 100 ether);
        (G1 memory key, G2 memory proof) = _credentials(address(receiver), 99);
        registration = abi.encodeCall(IDASigners.register, (key, proof, SOCKET));
        vm.assertTrue(receiver.act{value: 3 ether}(registration));
        // A part is due, the rest stays.
        vm.assertTrue(receiver.act(abi.encodeCall(IDASigners.requestWithdraw, (1 ether))));
        vm.roll(signers.bondOf(address(receiver)).releaseBlock);
    }

    function test_A24_AWithdrawalWithinAWithdrawalFindsNothing() external {
        receiver.set(Receiver.Mode.Withdraw, "");
        vm.assertTrue(_withdraw(address(receiver)));
        vm.assertFalse(receiver.reentered());
        vm.assertEq(address(receiver).balance, 1 ether);
        vm.assertEq(address(signers).balance, 7 ether);
    }

    function test_A24_AnExitWithinAWithdrawalIsAnExitAfterIt() external {
        receiver.set(Receiver.Mode.Exit, "");
        vm.assertTrue(_withdraw(address(receiver)));
        vm.assertTrue(receiver.reentered());
        IDASigners.Bond memory bond = signers.bondOf(address(receiver));
        vm.assertEq(bond.staked, 1 ether);
        vm.assertEq(bond.unbonding, 1 ether);
        vm.assertEq(bond.withdrawable, 0);
        vm.assertEq(address(receiver).balance, 1 ether);
    }

    function test_A24_ARegistrationWithinAWithdrawalIsOneAfterIt() external {
        vm.assertTrue(receiver.act(abi.encodeCall(IDASigners.requestWithdraw, (2 ether))));
        receiver.set(Receiver.Mode.Register, registration);
        vm.assertTrue(_withdraw(address(receiver)));
        vm.assertTrue(receiver.reentered());
        IDASigners.Bond memory bond = signers.bondOf(address(receiver));
        vm.assertEq(bond.staked, 1 ether);
        vm.assertEq(bond.unbonding, 2 ether);
        vm.assertEq(address(receiver).balance, 0);
        vm.assertEq(address(signers).balance, 8 ether);
    }

    function test_A25_AReceiverThatRefusesKeepsItsCreditAndHarmsNobody() external {
        for (uint256 mode = 1; mode < 4; ++mode) {
            receiver.set(Receiver.Mode(mode), "");
            vm.assertTrue(_withdraw(address(receiver)) == (mode == 3));
            if (mode == 3) continue;
            vm.assertEq(signers.bondOf(address(receiver)).withdrawable, 1 ether);
            // Elsewhere is a way out; here it is only looked at.
            uint256 state = vm.snapshotState();
            vm.assertTrue(_withdraw(actor("elsewhere")));
            vm.assertEq(actor("elsewhere").balance, 1 ether);
            vm.revertToState(state);
        }
        vm.assertEq(address(receiver).balance, 1 ether);
        address other = _accountOf(0);
        vm.prank(other);
        signers.requestWithdraw(5 ether);
        vm.roll(signers.bondOf(other).releaseBlock);
        vm.prank(other);
        signers.withdraw(payable(other));
        vm.assertEq(other.balance, 5 ether);
    }

    function test_A25_NobodyIsPaidByASlashLapseOrReplacement() external {
        // Refusing money does not keep a validator in its slot.
        receiver.set(Receiver.Mode.Revert, "");
        uint64 epoch = signers.currentEpoch();
        uint32 hint = uint32(signers.findSlot(1, epoch));
        vm.prank(actor("sampling"));
        vm.assertEq(signers.slash(1, epoch, hint, address(receiver)), 0.2 ether);
        vm.assertEq(signers.takenSlots(), 1);
    }

    function test_PlainEtherIsRefused() external {
        (bool success, ) = address(signers).call{value: 1}("");
        vm.assertFalse(success);
    }

    function test_A35_ARefusedCallLeavesNothingBehind() external {
        bytes32 before = _digest();
        address mallory = actor("mallory");
        vm.deal(mallory, 10 ether);
        (G1 memory key, G2 memory proof) = _credentials(mallory, 5);
        (G1 memory foreign, G2 memory foreignProof) = _credentials(_accountOf(0), 6);
        bytes[9] memory calls = [
            abi.encodeCall(IDASigners.register, (foreign, foreignProof, SOCKET)),
            abi.encodeCall(IDASigners.register, (key, proof, "")),
            abi.encodeCall(IDASigners.rotateKey, (key, proof)),
            abi.encodeCall(IDASigners.lapse, (0)),
            abi.encodeCall(IDASigners.renew, ()),
            abi.encodeCall(IDASigners.requestWithdraw, (1 ether)),
            abi.encodeCall(IDASigners.updateSocket, ("http://mine")),
            abi.encodeCall(IDASigners.withdraw, (payable(mallory))),
            abi.encodeCall(IDASigners.slash, (0, signers.currentEpoch(), 0, mallory))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(mallory);
            (bool success, ) = address(signers).call{value: i < 2 ? 2 ether : 0}(calls[i]);
            vm.assertFalse(success, vm.toString(i));
            vm.assertEq(_digest(), before, vm.toString(i));
            vm.assertEq(mallory.balance, 10 ether);
        }
    }

    function _withdraw(address to) internal returns (bool) {
        return receiver.act(abi.encodeCall(IDASigners.withdraw, (payable(to))));
    }

    /// @dev All there is to see of the registry.
    function _digest() internal returns (bytes32) {
        uint64 next = signers.currentEpoch() + 2;
        address[3] memory accounts = [_accountOf(0), address(receiver), actor("mallory")];
        bytes memory seen = abi.encode(address(signers).balance, signers.takenSlots(), signers.burnt());
        for (uint256 i = 0; i < 3; ++i) {
            seen = abi.encode(seen, signers.bondOf(accounts[i]), signers.socketOf(accounts[i]));
        }
        seen = abi.encode(seen, signers.signer(0), signers.signer(1), signers.aggregateKey());
        return keccak256(abi.encode(seen, signers.membersAt(next, 0, 200), signers.membersAt(next - 2, 0, 200)));
    }
}
