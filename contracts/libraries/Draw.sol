// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G2} from "../types/Points.sol";
import {RowTree} from "./RowTree.sol";

/// @title What a validator samples of a batch, and what an audit asks of it
/// @notice Both follow from a value that nobody could choose: the validator's signature, of which there is one for a batch
/// and seed, and the batch's audit seed, which did not exist when it signed.
library Draw {
    bytes32 private constant ROW_TAG = keccak256("0G-DA/sample-row/v1");
    bytes32 private constant AUDIT_TAG = keccak256("0G-DA/audit/v1");
    bytes32 private constant AUDIT_CELL_TAG = keccak256("0G-DA/audit-cell/v1");
    uint256 private constant BPS = 10_000;

    /// @notice Sample `index` ≥ 0: the (index + 1)th distinct one of keccak256(signature ‖ i) mod 128, i = 0, 1, …
    /// @dev Samples of a longer draw begin with those of a shorter one. Terminates for index < 128: see Draw.t.sol for how
    /// soon.
    function column(G2 memory signature, uint256 index) internal pure returns (uint256 drawn) {
        // The signature's 256 bytes and room for i.
        bytes memory seed = abi.encode(signature, uint256(0));
        uint256 seen = 0;
        uint256 missing = index + 1;
        for (uint256 i = 0; missing != 0; ++i) {
            drawn = uint256(_hashWith(seed, i)) % RowTree.CELLS;
            if ((seen >> drawn) & 1 == 0) {
                seen |= 1 << drawn;
                --missing;
            }
        }
    }

    /// @notice The row in which sample `index` may win.
    function row(bytes32 signatureHash, uint256 index, uint256 rowCount) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(ROW_TAG, signatureHash, index))) % rowCount;
    }

    /// @notice Whether the audit asks this slot: with a chance of `bps` in 10,000.
    function audited(bytes32 auditSeed, uint256 slot, uint256 bps) internal pure returns (bool) {
        return uint256(keccak256(abi.encode(AUDIT_TAG, auditSeed, slot))) % BPS < bps;
    }

    /// @notice Which of its samples, and in which row, it then has to show.
    function auditedCell(
        bytes32 auditSeed,
        uint256 slot,
        uint256 samples,
        uint256 rowCount
    ) internal pure returns (uint256 index, uint256 rowIndex) {
        uint256 word = uint256(keccak256(abi.encode(AUDIT_CELL_TAG, auditSeed, slot)));
        return (uint128(word) % samples, (word >> 128) % rowCount);
    }

    /// @dev keccak256 of `data` with its last word set to `i`. In assembly because a draw of 52 hashes some 66 times, and
    /// `abi.encode` would take 288 bytes of new memory each time: 9,000 gas here, 45,000 there. Safe: it writes within
    /// `data`. Compared with the plain form by Draw.t.sol.
    function _hashWith(bytes memory data, uint256 i) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let length := mload(data)
            mstore(add(data, length), i)
            hash := keccak256(add(data, 32), length)
        }
    }
}
