// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "../../contracts/Genesis.sol";
import {Flow} from "../../contracts/flow/Flow.sol";
import {IFixedPrice} from "../../contracts/interfaces/IFixedPrice.sol";
import {IFlow} from "../../contracts/interfaces/IFlow.sol";
import {IChunkLinearReward} from "../../contracts/interfaces/IChunkLinearReward.sol";
import {IPoraMine} from "../../contracts/interfaces/IPoraMine.sol";
import {PoraMine} from "../../contracts/mine/PoraMine.sol";
import {ChunkLinearReward} from "../../contracts/pay/ChunkLinearReward.sol";
import {FixedPrice} from "../../contracts/pay/FixedPrice.sol";
import {anyMining} from "./base/MineTerms.sol";
import {StorageTest} from "./base/StorageTest.sol";

contract GenesisTest is StorageTest {
    function test_EveryContractNamesItsPartners() external view {
        vm.assertEq(flow.market(), address(market));
        vm.assertEq(market.flow(), address(flow));
        vm.assertEq(market.reward(), address(reward));
        vm.assertEq(reward.market(), address(market));
        vm.assertEq(reward.mine(), address(genesis.mine()));
        vm.assertEq(genesis.mine().flow(), address(flow));
        vm.assertEq(genesis.mine().reward(), address(reward));
        vm.assertEq(market.priceAdmin(), admin);
    }

    function test_MiningRefusesPoolsThatPayThroughAnother() external {
        address expected = vm.computeCreateAddress(address(this), 2);
        vm.expectRevert(
            abi.encodeWithSelector(IPoraMine.WrongPartner.selector, address(reward), expected, address(genesis.mine()))
        );
        new PoraMine(address(flow), anyMining());
    }

    /// EIP-3860: a larger one could be created on no chain.
    function test_TheInitCodeFitsIntoATransaction() external pure {
        bytes memory arguments = abi.encode(Genesis.Parameters(1, 1, address(0), 1, 1, 0, 0, address(0)), anyMining());
        vm.assertLe(type(Genesis).creationCode.length + arguments.length, 49_152);
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
        Genesis.Parameters memory p = Genesis.Parameters(2, 1, admin, 1024, 1, 0, 0, address(0));
        new Genesis(p, anyMining());

        p.blocksPerEpoch = 0;
        vm.expectRevert(IFlow.NoEpochBlocks.selector);
        new Genesis(p, anyMining());
        p.blocksPerEpoch = 2;

        p.pricePerSector = 0;
        vm.expectRevert(abi.encodeWithSelector(IFixedPrice.PriceOutOfRange.selector, 0));
        new Genesis(p, anyMining());
        p.pricePerSector = 1;

        p.sectorsPerPrice = 0;
        vm.expectRevert(IChunkLinearReward.ParameterZero.selector);
        new Genesis(p, anyMining());
        p.sectorsPerPrice = 1024;

        p.releaseSeconds = 0;
        vm.expectRevert(IChunkLinearReward.ParameterZero.selector);
        new Genesis(p, anyMining());
    }

    function test_RewardsAreDeployedOnTheTermsAskedFor() external {
        Genesis.Parameters memory p = Genesis.Parameters(2, 1, admin, 2048, 3, 4, 5, bob);
        ChunkLinearReward deployed = new Genesis(p, anyMining()).reward();
        vm.assertEq(deployed.sectorsPerPrice(), 2048);
        vm.assertEq(deployed.releaseSeconds(), 3);
        vm.assertEq(deployed.baseReward(), 4);
        vm.assertEq(deployed.serviceFeeRateBps(), 5);
        vm.assertEq(deployed.treasury(), bob);

        p.treasury = address(0);
        vm.expectRevert(abi.encodeWithSelector(IChunkLinearReward.NoTreasury.selector, 5));
        new Genesis(p, anyMining());
    }
}
