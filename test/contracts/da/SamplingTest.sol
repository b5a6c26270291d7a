// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DASampling} from "../../../contracts/da/DASampling.sol";
import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDASampling} from "../../../contracts/interfaces/IDASampling.sol";
import {Draw} from "../../../contracts/libraries/Draw.sol";
import {Lottery} from "../../../contracts/libraries/Lottery.sol";
import {G2} from "../../../contracts/types/Points.sol";
import {Test} from "../base/Test.sol";
import {Signing} from "./Signing.sol";
import {SomeEntrance, SomeSigners} from "./SamplingDoubles.sol";
import {Rows} from "./Rows.sol";

/// @notice The lottery and the audit on stand-ins for registry and validators, whose every answer a test can set.
abstract contract SamplingTest is Test {
    uint64 internal constant EPOCH = 7;
    uint96 internal constant FEE = 0.001 ether;
    uint88 internal constant MIN_PRIZE = 0.004 ether;
    uint256 internal constant START = 1000;
    uint256 internal constant VALIDATORS = 4;
    uint96 internal constant STAKE = 32 ether;

    SomeSigners internal signers;
    SomeEntrance internal entrance;
    DASampling internal sampling;
    address internal reporter = actor("reporter");

    /// @notice A confirmed batch.
    struct Case {
        bytes32 id;
        uint256 rowCount;
        IDAEntrance.Certificate certificate;
    }

    function _terms() internal pure returns (IDASampling.Terms memory) {
        return
            IDASampling.Terms({
                samples: 8,
                claimWindow: 400,
                auditWindow: 300,
                slashWindow: 200,
                auditBps: 5000,
                roundBlocks: 50,
                targetClaims: 3,
                minPrize: MIN_PRIZE
            });
    }

    function _deploy() internal {
        vm.roll(START);
        signers = new SomeSigners(EPOCH, 1000);
        entrance = new SomeEntrance(FEE);
        _deploySampling(_terms());
        for (uint8 slot = 0; slot < VALIDATORS; ++slot) {
            signers.add(slot, _accountOf(slot), Signing.publicKey(_secretOf(slot)).hash(), STAKE);
        }
    }

    function _deploySampling(IDASampling.Terms memory t) internal {
        signers.setSampling(vm.computeCreateAddress(address(this), vm.getNonce(address(this))));
        sampling = new DASampling(address(entrance), address(signers), t);
        entrance.set(address(sampling), 10 ether);
    }

    function _accountOf(uint8 slot) internal returns (address) {
        return actor(string.concat("validator ", vm.toString(slot)));
    }

    function _secretOf(uint256 slot) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("secret", slot))) % Signing.R;
    }

    /// @dev A batch that is submitted now and confirmed in the next block.
    function _confirmed(bytes32 salt, uint256 rowCount) internal returns (Case memory c) {
        c.id = keccak256(abi.encode("batch", salt));
        c.rowCount = rowCount;
        c.certificate = IDAEntrance.Certificate({
            seed: keccak256(abi.encode("seed", salt)),
            auditSeed: keccak256(abi.encode("audit seed", salt)),
            absent: 0
        });
        _put(c, vm.getBlockNumber(), vm.getBlockNumber() + 1);
        vm.roll(vm.getBlockNumber() + 1);
    }

    function _put(Case memory c, uint256 submitBlock, uint256 confirmBlock) internal {
        IDAEntrance.BatchRecord memory r;
        r.rowsRoot = keccak256(abi.encodePacked(Rows.nodes(c.id, c.rowCount)));
        r.rowCount = uint32(c.rowCount);
        (r.submitBlock, r.confirmBlock, r.epoch) = (uint64(submitBlock), uint64(confirmBlock), EPOCH);
        r.certificate = keccak256(abi.encode(c.certificate));
        entrance.put(c.id, r);
    }

    /// @dev The message of DAEntrance's interface, written out.
    function _message(Case memory c) internal view returns (bytes32) {
        bytes32 domainType = keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        );
        bytes32 domain = keccak256(
            abi.encode(domainType, keccak256("0G-DA"), keccak256("1"), block.chainid, address(entrance))
        );
        bytes32 typehash = keccak256("Attestation(bytes32 batchId,uint64 epoch,bytes32 seed)");
        return keccak256(abi.encode(typehash, domain, c.id, EPOCH, c.certificate.seed));
    }

    function _attested(Case memory c, uint8 slot) internal view returns (IDASampling.Attested memory a) {
        a.batchId = c.id;
        a.slot = slot;
        a.certificate = c.certificate;
        a.key = Signing.publicKey(_secretOf(slot));
        a.signature = Signing.attest(_secretOf(slot), _message(c));
    }

    function _ticket(uint8 index) internal pure returns (IDASampling.Ticket memory t) {
        t.index = index;
    }

    /// @dev Cell and proof of a ticket.
    function _shown(
        Case memory c,
        G2 memory signature,
        uint8 index
    ) internal pure returns (IDASampling.Shown memory shown) {
        uint256 row = Draw.row(keccak256(abi.encode(signature)), index, c.rowCount);
        return _cellAt(c, row, Draw.column(signature, index));
    }

    function _cellAt(
        Case memory c,
        uint256 row,
        uint256 column
    ) internal pure returns (IDASampling.Shown memory shown) {
        return IDASampling.Shown(Rows.cell(c.id, row, column), Rows.proof(c.id, c.rowCount, row, column));
    }

    /// @dev Whether the ticket wins, by the sentence of Lottery: (x + 1) / 2^64 ≤ fee · stake / (total · samples · prize).
    function _isWinning(Case memory c, G2 memory signature, uint8 index, uint256 prize) internal view returns (bool) {
        uint256 row = Draw.row(keccak256(abi.encode(signature)), index, c.rowCount);
        bytes memory cell = Rows.cell(c.id, row, Draw.column(signature, index));
        bytes32 quality = keccak256(
            abi.encodePacked(keccak256("0G-DA/ticket/v1"), c.id, keccak256(abi.encode(signature)), uint256(index), cell)
        );
        uint256 odds = uint256(FEE) * c.rowCount * STAKE * 2 ** 64;
        uint256 against = uint256(signers.total()) * _terms().samples * Lottery.prizeOf(prize, FEE * c.rowCount);
        return (uint256(quality) >> 192) + 1 <= odds / against;
    }

    /// @dev The first winning (or losing) ticket of the first slot that has one.
    function _find(Case memory c, bool winning) internal view returns (uint8 slot, uint8 index) {
        for (slot = 0; slot < VALIDATORS; ++slot) {
            G2 memory signature = Signing.attest(_secretOf(slot), _message(c));
            for (index = 0; index < _terms().samples; ++index) {
                if (_isWinning(c, signature, index, MIN_PRIZE) == winning) return (slot, index);
            }
        }
        vm.assertTrue(false, "no such ticket");
    }

    function _claim(Case memory c, uint8 slot, uint8 index) internal {
        IDASampling.Attested memory a = _attested(c, slot);
        IDASampling.Shown memory shown = _shown(c, a.signature, index);
        IDASampling.Ticket memory t = _ticket(index);
        t.roundHint = uint32(sampling.findRound(vm.getBlockNumber()));
        sampling.claimSample(a, t, shown);
    }

    /// @dev Cell and proof that the audit asks of the slot.
    function _askedCell(
        Case memory c,
        uint8 slot,
        G2 memory signature
    ) internal pure returns (IDASampling.Shown memory shown) {
        (uint256 index, uint256 row) = Draw.auditedCell(c.certificate.auditSeed, slot, _terms().samples, c.rowCount);
        return _cellAt(c, row, Draw.column(signature, index));
    }

    function _answer(Case memory c, uint8 slot) internal {
        IDASampling.Attested memory a = _attested(c, slot);
        IDASampling.Shown memory shown = _askedCell(c, slot, a.signature);
        sampling.answerAudit(a, shown);
    }

    /// @dev The first slot that the audit asks, or does not.
    function _audited(Case memory c, bool asked) internal pure returns (uint8 slot) {
        while (Draw.audited(c.certificate.auditSeed, slot, _terms().auditBps) != asked) ++slot;
        vm.assertLt(slot, VALIDATORS);
    }
}
