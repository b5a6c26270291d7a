// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDASampling} from "../../../contracts/interfaces/IDASampling.sol";
import {SamplingLife} from "../da/SamplingLife.sol";

/// @notice Transactions of sampling, each whole: base fee of 21,000 and calldata included, all storage cold: what a test
/// calls is prepared in `setUp`, a transaction before. Batches of 15 rows, whose entry has four nodes; 40 validators with
/// 52 samples each, the longest draw of all networks. Limits are those of the project.
contract SamplingSnapshots is SamplingLife {
    uint256 private constant CLAIM = 380_000;
    uint256 private constant ANSWER = 320_000;

    bytes private _firstClaim;
    bytes private _nextClaim;
    bytes private _answer;
    bytes private _slash;

    function setUp() external {
        _deployReal(52, 40);
        Case memory c = _batch("measured");
        (IDAEntrance.Certificate memory certificate, bytes32 message) = _certify(c, _none());
        // Two tickets of two accounts; the first is paid before anything is measured.
        (uint8 slot, uint8 index) = _winner(c, message, 0);
        _transact(_claimOf(c, certificate, message, slot, index));
        (slot, index) = _winner(c, message, slot + 1);
        _nextClaim = _claimOf(c, certificate, message, slot, index);

        Case memory fresh = _batch("fresh");
        (IDAEntrance.Certificate memory other, bytes32 otherMessage) = _certify(fresh, _none());
        (uint8 newcomer, uint8 ticket) = _winner(fresh, otherMessage, slot + 1);
        _firstClaim = _claimOf(fresh, other, otherMessage, newcomer, ticket);

        slot = _asked(certificate.auditSeed, 0);
        IDASampling.Attested memory a = _attested(c, certificate, message, slot);
        IDASampling.Shown memory shown = _askedCell(certificate.auditSeed, slot, a.signature);
        _answer = abi.encodeCall(IDASampling.answerAudit, (a, shown));
        _slash = abi.encodeCall(IDASampling.slashSilent, (c.id, certificate, slot, a.slotHint));
    }

    /// @dev It opens a round, its batch's word and its account's credit.
    function test_Claim() external {
        vm.roll(vm.getBlockNumber() + terms.roundBlocks);
        gasLine("DASampling.claimSample: first of a round, batch and account", _transact(_firstClaim), CLAIM);
    }

    function test_NextClaim() external {
        gasLine("DASampling.claimSample: another of its round and batch", _transact(_nextClaim), CLAIM);
    }

    function test_Answer() external {
        gasLine("DASampling.answerAudit", _transact(_answer), ANSWER);
    }

    function test_Slash() external {
        vm.roll(vm.getBlockNumber() + terms.auditWindow);
        gasLine("DASampling.slashSilent", _transact(_slash), 400_000);
    }

    function test_Size() external {
        sizeLine("DASampling", address(lottery));
    }

    function _claimOf(
        Case memory c,
        IDAEntrance.Certificate memory certificate,
        bytes32 message,
        uint8 slot,
        uint8 index
    ) private view returns (bytes memory) {
        IDASampling.Attested memory a = _attested(c, certificate, message, slot);
        IDASampling.Shown memory shown = _ticketCell(a.signature, index);
        return abi.encodeCall(IDASampling.claimSample, (a, _ticket(c, index), shown));
    }

    function _transact(bytes memory data) private returns (uint256 used) {
        used = 21_000;
        for (uint256 i = 0; i < data.length; ++i) used += data[i] == 0 ? 4 : 16;
        vm.prank(actor("anybody"));
        address to = address(lottery);
        bool success;
        uint256 before = gasleft();
        assembly ("memory-safe") {
            success := call(gas(), to, 0, add(data, 32), mload(data), 0, 0)
        }
        used += before - gasleft();
        vm.assertTrue(success);
    }
}
