// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchTree} from "../../../contracts/libraries/BatchTree.sol";
import {BlobHeaderLib} from "../../../contracts/libraries/BlobHeaderLib.sol";
import {BlobHeader} from "../../../contracts/types/BlobHeader.sol";
import {Test} from "../base/Test.sol";

/// @notice Headers: the bytes and hashes of TypeScript, and the only row count that a length has.
contract BlobHeaderLibTest is Test {
    function check(BlobHeader calldata header) external pure {
        header.check();
    }

    function test_BytesAndHashesAreThoseOfTypeScript() external view {
        string memory json = vm.readFile("test/vectors/header.json");
        for (uint256 i = 0; i < 5; ++i) {
            BlobHeader memory header = BlobHeader({
                version: uint16(vm.parseJsonUint(json, _at(i, "header.version"))),
                dataRoot: vm.parseJsonBytes32(json, _at(i, "header.dataRoot")),
                commitmentHi: vm.parseJsonBytes32(json, _at(i, "header.commitmentHi")),
                commitmentLo: bytes16(vm.parseJsonBytes(json, _at(i, "header.commitmentLo"))),
                length: uint32(vm.parseJsonUint(json, _at(i, "header.length"))),
                rows: uint16(vm.parseJsonUint(json, _at(i, "header.rows"))),
                account: vm.parseJsonAddress(json, _at(i, "header.account")),
                salt: vm.parseJsonBytes32(json, _at(i, "header.salt"))
            });
            header.check();
            vm.assertEq(abi.encode(header), vm.parseJsonBytes(json, _at(i, "encoded")));
            vm.assertEq(header.blobKey(), vm.parseJsonBytes32(json, _at(i, "blobKey")));
            vm.assertEq(BatchTree.leaf(header.blobKey()), vm.parseJsonBytes32(json, _at(i, "leaf")));
        }
    }

    function testFuzz_A7_OneLengthHasOneRowCount(uint32 length, uint16 rows) external {
        BlobHeader memory header;
        (header.version, header.length, header.rows) = (1, uint32(bound(length, 1, 32_505_852)), rows);
        // Rows that hold it, fewest: no row less does.
        uint256 fewest;
        while (fewest * 126_976 < uint256(header.length) + 4) ++fewest;
        if (rows != fewest) {
            vm.expectRevert(abi.encodeWithSelector(BlobHeaderLib.BlobRows.selector, rows, fewest));
            this.check(header);
        }
        header.rows = uint16(fewest);
        this.check(header);
    }

    function test_TheLimitIs256RowsToTheByte() external {
        BlobHeader memory header;
        (header.version, header.length, header.rows) = (1, 32_505_852, 256);
        this.check(header);
        ++header.length;
        vm.expectRevert(abi.encodeWithSelector(BlobHeaderLib.BlobLength.selector, 32_505_853, 32_505_852));
        this.check(header);
    }

    function _at(uint256 i, string memory name) internal pure returns (string memory) {
        return string.concat("[", vm.toString(i), "].", name);
    }
}
