// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFixedPrice} from "../../../contracts/interfaces/IFixedPrice.sol";
import {StorageTest} from "../base/StorageTest.sol";

contract FixedPriceTest is StorageTest {
    function test_APriceHoldsFromTheAnnouncedBlockOn() external {
        uint256 from = block.number + 256;
        vm.expectEmit(address(market));
        emit IFixedPrice.PriceAnnounced(7, from);
        vm.prank(admin);
        market.setPricePerSector(7);
        (uint256 price, uint256 fromBlock) = market.pendingPrice();
        vm.assertEq(price, 7);
        vm.assertEq(fromBlock, from);

        vm.roll(from - 1);
        vm.assertEq(market.pricePerSector(), PRICE);
        vm.roll(from);
        vm.assertEq(market.pricePerSector(), 7);
        (price, fromBlock) = market.pendingPrice();
        vm.assertEq(price, 0);
        vm.assertEq(fromBlock, 0);
    }

    function test_AnAnnouncementReplacesOneThatDoesNotHoldYet() external {
        vm.prank(admin);
        market.setPricePerSector(PRICE * 2);
        vm.roll(block.number + 255);
        vm.prank(admin);
        market.setPricePerSector(PRICE * 3);
        vm.roll(block.number + 255);
        vm.assertEq(market.pricePerSector(), PRICE);
        vm.roll(block.number + 1);
        vm.assertEq(market.pricePerSector(), PRICE * 3);
        vm.prank(admin);
        market.setPricePerSector(1);
        vm.assertEq(market.pricePerSector(), PRICE * 3);
    }

    /// Whoever escrows a quote can pay with it at any of the next 255 blocks, whatever the admin does meanwhile.
    function testFuzz_AQuoteCoversEveryPriceOfItsWindow(
        uint256[6] calldata prices,
        uint256[6] calldata blocks
    ) external {
        uint256[7] memory quotes;
        uint256[7] memory at;
        for (uint256 i = 0; i < 6; ++i) {
            quotes[i] = market.quote(1);
            at[i] = block.number;
            vm.prank(admin);
            market.setPricePerSector(bound(prices[i], 1, type(uint96).max));
            vm.roll(block.number + bound(blocks[i], 0, 300));
            for (uint256 j = 0; j <= i; ++j) {
                if (block.number - at[j] <= 255) vm.assertLe(market.pricePerSector(), quotes[j]);
            }
        }
    }

    function test_AQuoteIsTheHigherOfBothPrices() external {
        vm.assertEq(market.quote(10), PRICE * 10);
        vm.prank(admin);
        market.setPricePerSector(PRICE + 1);
        vm.assertEq(market.quote(10), (PRICE + 1) * 10);
        vm.prank(admin);
        market.setPricePerSector(PRICE - 1);
        vm.assertEq(market.quote(10), PRICE * 10);
        vm.assertEq(market.quote(0), 0);
    }

    function test_A32_PricesAreBetweenOneAnd2To96() external {
        vm.assertEq(uint256(type(uint96).max), 2 ** 96 - 1);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IFixedPrice.PriceOutOfRange.selector, 0));
        market.setPricePerSector(0);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IFixedPrice.PriceOutOfRange.selector, 2 ** 96));
        market.setPricePerSector(2 ** 96);
        vm.prank(admin);
        market.setPricePerSector(2 ** 96 - 1);
        vm.prank(admin);
        market.setPricePerSector(1);
    }

    function test_OnlyTheAdminAnnouncesPrices() external {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IFixedPrice.NotPriceAdmin.selector, alice, admin));
        market.setPricePerSector(1);
    }

    function test_OnlyFlowCharges() external {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IFixedPrice.NotFlow.selector, alice, address(flow)));
        market.chargeFee{value: PRICE}(1, 1, 0);
    }

    function test_AChargeCarriesExactlyTheFee() external {
        vm.deal(address(flow), 10 * PRICE);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 wrong = 3 * PRICE - 1 + 2 * i;
            vm.prank(address(flow));
            vm.expectRevert(abi.encodeWithSelector(IFixedPrice.FeeNotExact.selector, 3 * PRICE, wrong));
            market.chargeFee{value: wrong}(1, 3, 0);
        }
        vm.prank(address(flow));
        market.chargeFee{value: 3 * PRICE}(1, 3, 4);
        vm.assertEq(address(reward).balance, 3 * PRICE);
        vm.assertEq(address(market).balance, 0);
    }

    function test_NobodyPaysByAccident() external {
        vm.prank(alice);
        (bool taken, ) = address(market).call{value: 1}("");
        vm.assertFalse(taken);
        (taken, ) = address(flow).call{value: 1}("");
        vm.assertFalse(taken);
        (taken, ) = address(reward).call{value: 1}("");
        vm.assertFalse(taken);
    }
}
