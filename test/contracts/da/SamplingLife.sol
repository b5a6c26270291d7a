// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DAEntrance} from "../../../contracts/da/DAEntrance.sol";
import {DASampling} from "../../../contracts/da/DASampling.sol";
import {DASigners} from "../../../contracts/da/DASigners.sol";
import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDASampling} from "../../../contracts/interfaces/IDASampling.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {Draw} from "../../../contracts/libraries/Draw.sol";
import {Lottery} from "../../../contracts/libraries/Lottery.sol";
import {G2} from "../../../contracts/types/Points.sol";
import {PartnerDouble} from "./EntranceFactory.sol";
import {EntranceTest} from "./EntranceTest.sol";
import {Rows} from "./Rows.sol";
import {Signing} from "./Signing.sol";

/// @notice Registry, validators and sampling as they are deployed, and batches whose cells are known.
abstract contract SamplingLife is EntranceTest {
    bytes32 internal constant SALT = "rows";
    uint32 internal constant ROWS = 15;

    DASampling internal lottery;
    IDASampling.Terms internal terms;

    /// @dev In the order of the deployment: validators, sampling, challenges, registry, each naming what comes later.
    function _deployReal(uint8 samples, uint256 validators) internal {
        _deploySystem();
        terms = IDASampling.Terms({
            samples: samples,
            claimWindow: 400,
            auditWindow: 300,
            slashWindow: 200,
            auditBps: 5000,
            roundBlocks: 50,
            targetClaims: 16,
            minPrize: 0.0001 ether
        });
        uint256 nonce = vm.getNonce(address(this));
        address later = vm.computeCreateAddress(address(this), nonce + 3);
        signers = new DASigners(_terms(), vm.computeCreateAddress(address(this), nonce + 1));
        lottery = new DASampling(later, address(signers), terms);
        challenges = new PartnerDouble(later);
        IDAEntrance.Partners memory partners = IDAEntrance.Partners(
            address(signers),
            address(lottery),
            address(challenges)
        );
        entrance = new DAEntrance(address(flow), partners, IDAEntrance.Terms(WINDOW, RETENTION, BOND, DA_FEE));
        vm.assertEq(address(entrance), later);
        _joinMany(validators, 1 ether);
        _settle();
    }

    function _batch(bytes32 salt) internal pure returns (Case memory c) {
        c = _case(ROWS, 10_000, salt);
        c.rowNodes = Rows.nodes(SALT, ROWS);
        c.commitment.rowsRoot = keccak256(abi.encodePacked(c.rowNodes));
    }

    /// @dev Submits, and confirms in the next block without `absent`; also gives what validators signed.
    function _certify(
        Case memory c,
        uint8[] memory absent
    ) internal returns (IDAEntrance.Certificate memory certificate, bytes32 message) {
        _submit(c);
        certificate.seed = _mine();
        certificate.auditSeed = keccak256(abi.encode(certificate.seed, c.id));
        for (uint256 i = 0; i < absent.length; ++i) certificate.absent |= 1 << absent[i];
        message = entrance.messageOf(c.id);
        IDASigners.Attestation memory a = _signed(c, absent);
        entrance.confirmBatch(c.id, c.rowNodes, c.metadataNodes, a);
        vm.assertEq(entrance.record(c.id).certificate, keccak256(abi.encode(certificate)));
    }

    function _attested(
        Case memory c,
        IDAEntrance.Certificate memory certificate,
        bytes32 message,
        uint8 slot
    ) internal view returns (IDASampling.Attested memory a) {
        (a.batchId, a.slot, a.certificate) = (c.id, slot, certificate);
        a.slotHint = uint32(signers.findSlot(slot, entrance.record(c.id).epoch));
        a.key = Signing.publicKey(secrets[slot]);
        a.signature = Signing.attest(secrets[slot], message);
    }

    function _ticket(Case memory c, uint8 index) internal view returns (IDASampling.Ticket memory t) {
        IDAEntrance.BatchRecord memory r = entrance.record(c.id);
        t.index = index;
        t.setHint = uint32(signers.findSet(r.epoch));
        t.roundHint = uint32(lottery.findRound(r.submitBlock));
    }

    function _ticketCell(G2 memory signature, uint8 index) internal pure returns (IDASampling.Shown memory) {
        uint256 row = Draw.row(keccak256(abi.encode(signature)), index, ROWS);
        return _shownAt(row, Draw.column(signature, index));
    }

    function _askedCell(
        bytes32 auditSeed,
        uint8 slot,
        G2 memory signature
    ) internal view returns (IDASampling.Shown memory) {
        (uint256 index, uint256 row) = Draw.auditedCell(auditSeed, slot, terms.samples, ROWS);
        return _shownAt(row, Draw.column(signature, index));
    }

    /// @dev The nth validator from slot `from` on that has a winning ticket, and which; all have equal stakes.
    function _winner(Case memory c, bytes32 message, uint8 from) internal view returns (uint8 slot, uint8 index) {
        uint256 fee = uint256(DA_FEE) * ROWS;
        uint256 prize = Lottery.prizeOf(lottery.prizeAt(lottery.roundOf(entrance.record(c.id).submitBlock)), fee);
        for (slot = from; slot < secrets.length; ++slot) {
            G2 memory signature = Signing.attest(secrets[slot], message);
            bytes32 author = keccak256(abi.encode(signature));
            for (index = 0; index < terms.samples; ++index) {
                uint256 row = Draw.row(author, index, ROWS);
                bytes memory cell = Rows.cell(SALT, row, Draw.column(signature, index));
                bytes32 quality = keccak256(
                    abi.encodePacked(keccak256("0G-DA/ticket/v1"), c.id, author, uint256(index), cell)
                );
                if (Lottery.wins(quality, fee, 1, secrets.length, terms.samples, prize)) return (slot, index);
            }
        }
        vm.assertTrue(false, "nobody wins");
    }

    /// @dev The first slot from `from` on that the audit asks.
    function _asked(bytes32 auditSeed, uint8 from) internal view returns (uint8 slot) {
        slot = from;
        while (!Draw.audited(auditSeed, slot, terms.auditBps)) ++slot;
        vm.assertLt(slot, secrets.length);
    }

    function _shownAt(uint256 row, uint256 column) private pure returns (IDASampling.Shown memory) {
        return IDASampling.Shown(Rows.cell(SALT, row, column), Rows.proof(SALT, ROWS, row, column));
    }
}
