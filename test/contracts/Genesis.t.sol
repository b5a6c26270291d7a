// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "../../contracts/Genesis.sol";
import {Flow} from "../../contracts/flow/Flow.sol";
import {IFixedPrice} from "../../contracts/interfaces/IFixedPrice.sol";
import {IFlow} from "../../contracts/interfaces/IFlow.sol";
import {IChunkLinearReward} from "../../contracts/interfaces/IChunkLinearReward.sol";
import {ChunkLinearReward} from "../../contracts/pay/ChunkLinearReward.sol";
import {FixedPrice} from "../../contracts/pay/FixedPrice.sol";
import {StorageTest} from "./base/StorageTest.sol";

contract GenesisTest is StorageTest {
    function test_EveryContractNamesItsPartners() external view {
        vm.assertEq(flow.market(), address(market));
        vm.assertEq(market.flow(), address(flow));
        vm.assertEq(market.reward(), address(reward));
        vm.assertEq(reward.market(), address(market));
        vm.assertEq(reward.mine(), genesis.mine());
        vm.assertEq(market.priceAdmin(), admin);
    }

    function test_ThePlaceOfTheMiningContractIsTheNextChild() external view {
        vm.assertEq(genesis.mine(), vm.computeCreateAddress(address(genesis), 4));
        vm.assertEq(genesis.mine().code.length, 0);
    }

    function test_FlowRefusesAMarketOfAnotherFlow() external {
        address expected = vm.computeCreateAddress(address(this), 2);
        vm.expectRevert(abi.encodeWithSelector(IFlow.WrongPartner.selector, address(market), expected, address(flow)));
        new Flow(payable(address(market)), 1);
    }

    function test_MarketRefusesPoolsOfAnotherMarket() external {
        address expected = vm.computeCreateAddress(address(this), 2);
        vm.expectRevert(
            abi.encodeWithSelector(IFixedPrice.WrongPartner.selector, address(reward), expected, address(market))
        );
        new FixedPrice(1, admin, address(flow), address(reward));
    }

    function test_ZeroParametersAreRefusedByName() external {
        Genesis.Parameters memory p = Genesis.Parameters(1, 1, admin, 1, 1, 0, 0, address(0));
        new Genesis(p);

        p.blocksPerEpoch = 0;
        vm.expectRevert(IFlow.NoEpochBlocks.selector);
        new Genesis(p);
        p.blocksPerEpoch = 1;

        p.pricePerSector = 0;
        vm.expectRevert(abi.encodeWithSelector(IFixedPrice.PriceOutOfRange.selector, 0));
        new Genesis(p);
        p.pricePerSector = 1;

        p.sectorsPerPrice = 0;
        vm.expectRevert(IChunkLinearReward.ParameterZero.selector);
        new Genesis(p);
        p.sectorsPerPrice = 1;

        p.releaseSeconds = 0;
        vm.expectRevert(IChunkLinearReward.ParameterZero.selector);
        new Genesis(p);
    }

    function test_RewardsAreDeployedOnTheTermsAskedFor() external {
        Genesis.Parameters memory p = Genesis.Parameters(1, 1, admin, 2, 3, 4, 5, bob);
        ChunkLinearReward deployed = new Genesis(p).reward();
        vm.assertEq(deployed.sectorsPerPrice(), 2);
        vm.assertEq(deployed.releaseSeconds(), 3);
        vm.assertEq(deployed.baseReward(), 4);
        vm.assertEq(deployed.serviceFeeRateBps(), 5);
        vm.assertEq(deployed.treasury(), bob);

        p.treasury = address(0);
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.NoTreasury.selector, 5));
        new Genesis(p);
    }
}
