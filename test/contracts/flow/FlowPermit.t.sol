// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Flow} from "../../../contracts/flow/Flow.sol";
import {IFlow} from "../../../contracts/interfaces/IFlow.sol";
import {Submission} from "../../../contracts/types/Submission.sol";
import {StorageTest} from "../base/StorageTest.sol";

/// @notice A contract wallet (EIP-1271) that accepts one digest, and can misbehave in other ways.
contract Wallet {
    enum Mood {
        Accepts,
        Refuses,
        Reverts,
        AnswersShort
    }

    Mood public mood;
    bytes32 public accepted;

    function set(Mood mood_, bytes32 accepted_) external {
        (mood, accepted) = (mood_, accepted_);
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        if (mood == Mood.Reverts) revert("no");
        if (mood == Mood.AnswersShort) {
            assembly ("memory-safe") {
                mstore(0, 0x1626ba7e00000000000000000000000000000000000000000000000000000000)
                return(0, 4)
            }
        }
        return mood == Mood.Accepts && digest == accepted ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

contract FlowPermitTest is StorageTest {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant KEY = uint256(keccak256("carol's key"));

    address private _carol;
    uint256 private _deadline;
    Wallet private _wallet;

    function setUp() public override {
        super.setUp();
        _carol = vm.addr(KEY);
        _deadline = block.timestamp + 1 hours;
        _wallet = new Wallet();
    }

    /// The digest, spelled out as any wallet computes it.
    function test_TheDigestIsThatOfEIP712() external view {
        Submission memory entry = entryOf(_carol, 17, "x");
        entry.data.tags = "tags";
        bytes32 nodeType = keccak256("SubmissionNode(bytes32 root,uint256 height)");
        bytes memory nodes = abi.encodePacked(
            keccak256(abi.encode(nodeType, entry.data.nodes[0].root, entry.data.nodes[0].height)),
            keccak256(abi.encode(nodeType, entry.data.nodes[1].root, entry.data.nodes[1].height))
        );
        string memory node = "SubmissionNode(bytes32 root,uint256 height)";
        string memory data = "SubmissionData(uint256 length,bytes tags,SubmissionNode[] nodes)";
        string memory submission = "Submission(SubmissionData data,address submitter)";
        bytes32 dataHash = keccak256(
            abi.encode(keccak256(bytes(string.concat(data, node))), 17 * 256, keccak256("tags"), keccak256(nodes))
        );
        bytes32 entryHash = keccak256(
            abi.encode(keccak256(bytes(string.concat(submission, data, node))), dataHash, _carol)
        );
        string memory permit = "SubmitPermit(Submission submission,uint256 nonce,uint256 deadline)";
        bytes32 permitHash = keccak256(
            abi.encode(keccak256(bytes(string.concat(permit, submission, data, node))), entryHash, 7, _deadline)
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("0G Flow"),
                keccak256("1"),
                block.chainid,
                address(flow)
            )
        );
        vm.assertEq(
            flow.permitDigest(entry, 7, _deadline),
            keccak256(abi.encodePacked("\x19\x01", domain, permitHash))
        );
    }

    function test_APermitRecordsItsSignerAndChargesTheCaller() external {
        Submission memory entry = entryOf(_carol, 5, "x");
        bytes memory signature = _sign(entry, 0, _deadline);
        uint256 had = bob.balance;
        vm.expectEmit(address(flow));
        emit IFlow.Submit(
            _carol,
            keccak256(abi.encodePacked(entry.data.nodes[0].root, entry.data.nodes[1].root)),
            0,
            4,
            5,
            entry.data
        );
        vm.prank(bob);
        flow.submitFor{value: 1e18}(entry, _deadline, signature);
        vm.assertEq(bob.balance, had - 5 * PRICE);
        vm.assertEq(flow.nonces(_carol), 1);
    }

    /// A retry of the same permit can never pay or write twice.
    function test_APermitIsGoodOnce() external {
        Submission memory entry = entryOf(_carol, 1, "x");
        bytes memory signature = _sign(entry, 0, _deadline);
        vm.prank(bob);
        flow.submitFor{value: PRICE}(entry, _deadline, signature);
        _refused(entry, _deadline, signature);
        vm.assertEq(flow.numSubmissions(), 1);
    }

    function test_A12_APermitIsForThisEntryAlone() external {
        Submission memory entry = entryOf(_carol, 1, "x");
        bytes memory signature = _sign(entry, 0, _deadline);
        entry.data.tags = hex"00";
        _refused(entry, _deadline, signature);
        entry.data.tags = "";
        entry.data.length -= 1;
        _refused(entry, _deadline, signature);
        entry.data.length += 1;
        entry.data.nodes[0].root ^= bytes32(uint256(1));
        _refused(entry, _deadline, signature);
        entry.data.nodes[0].root ^= bytes32(uint256(1));
        _refused(entry, _deadline + 1, signature);
        entry.submitter = alice;
        _refused(entry, _deadline, signature);
    }

    function test_APermitEndsAtItsDeadline() external {
        Submission memory entry = entryOf(_carol, 1, "x");
        bytes memory signature = _sign(entry, 0, _deadline);
        vm.warp(_deadline + 1);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IFlow.PermitExpired.selector, _deadline, _deadline + 1));
        flow.submitFor{value: PRICE}(entry, _deadline, signature);
        vm.warp(_deadline);
        vm.prank(bob);
        flow.submitFor{value: PRICE}(entry, _deadline, signature);
    }

    function test_A11_APermitIsForThisChainAndThisContract() external {
        Submission memory entry = entryOf(_carol, 1, "x");
        bytes memory signature = _sign(entry, 0, _deadline);
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        _refused(entry, _deadline, signature);
        vm.chainId(chain);
        deployStorage(SECTORS_PER_PRICE);
        _refused(entry, _deadline, signature);
    }

    function test_A13_OnlyOneFormOfASignatureIsAccepted() external {
        Submission memory entry = entryOf(_carol, 1, "x");
        bytes32 digest = flow.permitDigest(entry, 0, _deadline);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest);
        bytes32 high = bytes32(ORDER - uint256(s));
        uint8 other = v == 27 ? 28 : 27;

        _refused(entry, _deadline, abi.encodePacked(r, high, other));
        _refused(entry, _deadline, abi.encodePacked(r, s, other));
        _refused(entry, _deadline, abi.encodePacked(r, s, v - 27));
        _refused(entry, _deadline, abi.encodePacked(r, s, v + 2));
        _refused(entry, _deadline, abi.encodePacked(r, s));
        _refused(entry, _deadline, abi.encodePacked(r, s, v, uint8(0)));
        _refused(entry, _deadline, abi.encodePacked(bytes32(0), s, v));
        _refused(entry, _deadline, abi.encodePacked(r, bytes32(0), v));
        _refused(entry, _deadline, "");
        // The compact form of EIP-2098.
        _refused(entry, _deadline, abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255))));

        vm.prank(bob);
        flow.submitFor{value: PRICE}(entry, _deadline, abi.encodePacked(r, s, v));
    }

    /// A failed recovery is the zero address: it must not pass as a signer.
    function test_A13_NobodyIsTheZeroAddress() external {
        Submission memory entry = entryOf(address(0), 1, "x");
        vm.prank(bob);
        vm.expectRevert(IFlow.NoSubmitter.selector);
        flow.submitFor{value: PRICE}(entry, _deadline, new bytes(65));
    }

    function test_AContractWalletPermitsByEIP1271() external {
        Submission memory entry = entryOf(address(_wallet), 1, "x");
        bytes32 digest = flow.permitDigest(entry, 0, _deadline);
        Wallet.Mood[3] memory refusals = [Wallet.Mood.Refuses, Wallet.Mood.Reverts, Wallet.Mood.AnswersShort];
        for (uint256 i = 0; i < refusals.length; ++i) {
            _wallet.set(refusals[i], digest);
            _refused(entry, _deadline, "anything");
        }
        _wallet.set(Wallet.Mood.Accepts, digest);
        vm.prank(bob);
        flow.submitFor{value: PRICE}(entry, _deadline, "anything");
        vm.assertEq(flow.numSubmissions(), 1);
        _refused(entry, _deadline, "anything");
    }

    function _refused(Submission memory entry, uint256 deadline, bytes memory signature) private {
        uint256 nonce = flow.nonces(entry.submitter);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IFlow.BadPermit.selector, entry.submitter));
        flow.submitFor{value: PRICE}(entry, deadline, signature);
        vm.assertEq(flow.nonces(entry.submitter), nonce);
    }

    function _sign(Submission memory entry, uint256 nonce, uint256 deadline) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, flow.permitDigest(entry, nonce, deadline));
        return abi.encodePacked(r, s, v);
    }
}
