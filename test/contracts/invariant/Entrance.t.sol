// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "../../../contracts/Genesis.sol";
import {DAEntrance} from "../../../contracts/da/DAEntrance.sol";
import {IDAEntrance} from "../../../contracts/interfaces/IDAEntrance.sol";
import {IDASigners} from "../../../contracts/interfaces/IDASigners.sol";
import {Flow} from "../../../contracts/flow/Flow.sol";
import {FixedPrice} from "../../../contracts/pay/FixedPrice.sol";
import {Invariant} from "../base/Invariant.sol";
import {anyMining} from "../base/MineTerms.sol";
import {Test} from "../base/Test.sol";
import {EntranceFactory, PartnerDouble} from "../da/EntranceFactory.sol";

/// @notice Validators that sign whatever they are told to: money and states do not depend on who they are.
contract ObedientSigners {
    uint96 public signed;

    function obey(uint96 signed_) external {
        signed = signed_;
    }

    function currentSet() external pure returns (uint64, uint96) {
        return (7, 300);
    }

    function verify(uint64, bytes32, IDASigners.Attestation calldata) external view returns (uint96, uint96) {
        return (signed, 300);
    }
}

/// @notice A submitter that, whenever it is paid, tries to be paid again.
contract GreedySubmitter {
    DAEntrance private immutable _entrance;
    bytes32[] private _batches;

    constructor(DAEntrance entrance) {
        _entrance = entrance;
    }

    function submit(IDAEntrance.BatchCommitment calldata c) external payable returns (bytes32 id) {
        id = _entrance.submitBatch{value: msg.value}(c);
        _batches.push(id);
    }

    function withdraw() external {
        _entrance.withdraw(payable(address(this)));
    }

    receive() external payable {
        (bool again, ) = address(_entrance).call(abi.encodeCall(IDAEntrance.withdraw, (payable(address(this)))));
        require(!again, "paid twice");
        for (uint256 i = 0; i < _batches.length; ++i) {
            // These may succeed: they are anybody's to call, and what they credit is owed.
            (again, ) = address(_entrance).call(abi.encodeCall(IDAEntrance.failBatch, (_batches[i])));
            (again, ) = address(_entrance).call(abi.encodeCall(IDAEntrance.withdrawBond, (_batches[i])));
        }
    }
}

/// @notice Everything that anyone can do to the registry, at random, and a ledger of what was paid and what came back.
contract EntranceHandler is Test {
    uint256 internal constant MAX_BATCHES = 24;

    DAEntrance public entrance;
    ObedientSigners public signers;
    FixedPrice public market;
    address public admin;

    uint256 public paid;
    uint256 public withdrawn;
    uint256 public confirmations;
    uint256 public sampled;
    PartnerDouble public sampling;
    PartnerDouble public challenges;
    address public immutable sampler = actor("sampler");
    bytes32[] private _batches;
    GreedySubmitter[3] private _submitters;
    mapping(bytes32 id => IDAEntrance.BatchCommitment) private _commitments;
    mapping(bytes32 id => IDAEntrance.Status) private _seen;

    constructor(EntranceFactory factory, ObedientSigners signers_, FixedPrice market_, address admin_) {
        (entrance, sampling, challenges) = (factory.entrance(), factory.sampling(), factory.challenges());
        (signers, market, admin) = (signers_, market_, admin_);
        for (uint256 i = 0; i < 3; ++i) _submitters[i] = new GreedySubmitter(entrance);
    }

    function submit(uint256 who, uint32 rows, uint32 length, uint256 surplus, bytes32 salt) external {
        if (_batches.length == MAX_BATCHES) return;
        IDAEntrance.BatchCommitment memory c;
        c.rowCount = uint32(bound(rows, 1, 512));
        c.metadataLength = uint32(bound(length, 1, 1_179_648));
        c.blobCount = 1;
        c.batchRoot = keccak256(abi.encode(salt, _batches.length));
        c.rowsRoot = keccak256(abi.encodePacked(_nodes(uint256(c.rowCount) * 1024)));
        c.metadataRoot = keccak256(abi.encodePacked(_nodes((uint256(c.metadataLength) + 255) / 256)));
        (uint256 storageFee, uint256 daFee, uint256 bond) = entrance.quoteBatch(c.rowCount, c.metadataLength);
        uint256 value = storageFee + daFee + bond + bound(surplus, 0, 1 ether) * (surplus % 2);
        vm.deal(address(this), value);
        bytes32 id = _submitters[who % 3].submit{value: value}(c);
        paid += value;
        _batches.push(id);
        _commitments[id] = c;
    }

    /// @dev A quorum or just none.
    function confirm(uint256 which, uint96 signed) external {
        if (_batches.length == 0) return;
        bytes32 id = _batches[which % _batches.length];
        IDAEntrance.BatchCommitment memory c = _commitments[id];
        IDAEntrance.BatchRecord memory r = entrance.record(id);
        bool possible = entrance.statusOf(id) == IDAEntrance.Status.Submitted && block.number > r.submitBlock;
        if (possible) vm.setBlockhash(r.submitBlock, keccak256(abi.encode(r.submitBlock)));
        signers.obey(uint96(bound(signed, 150, 300)));
        possible = possible && signers.signed() > 200;
        bytes32[] memory rows = _nodes(uint256(c.rowCount) * 1024);
        bytes32[] memory metadata = _nodes((uint256(c.metadataLength) + 255) / 256);
        IDASigners.Attestation memory a;
        try entrance.confirmBatch(id, rows, metadata, a) {
            vm.assertTrue(possible, "confirmed without right");
            ++confirmations;
        } catch {
            vm.assertFalse(possible, "not confirmed in spite of a quorum");
        }
    }

    function fail(uint256 which) external {
        if (_batches.length == 0) return;
        bytes32 id = _batches[which % _batches.length];
        bool possible = entrance.statusOf(id) == IDAEntrance.Status.Unavailable && !entrance.record(id).failed;
        try entrance.failBatch(id) {
            vm.assertTrue(possible, "failed without right");
        } catch {
            vm.assertFalse(possible, "not failed");
        }
    }

    function withdrawBond(uint256 which) external {
        if (_batches.length == 0) return;
        bytes32 id = _batches[which % _batches.length];
        IDAEntrance.BatchRecord memory r = entrance.record(id);
        bool possible = r.confirmBlock != 0 && block.number > r.retainUntil && !r.bondWithdrawn && !r.bondLost;
        possible = possible && challenges.openChallenges(id) == 0;
        try entrance.withdrawBond(id) {
            vm.assertTrue(possible, "released without right");
        } catch {
            vm.assertFalse(possible, "not released");
        }
    }

    function paySample(uint256 amount) external {
        uint256 pool = entrance.samplingPool();
        amount = bound(amount, 0, 0.2 ether);
        uint256 paid_ = sampling.pay(sampler, amount);
        vm.assertEq(paid_, amount < pool ? amount : pool);
        sampled += paid_;
    }

    function setOpen(uint256 which, uint256 count) external {
        if (_batches.length != 0) challenges.setOpen(_batches[which % _batches.length], count % 3);
    }

    /// @dev A challenge lost: one of the submitters is the challenger, perhaps the batch's own.
    function loseBond(uint256 which, uint256 who) external {
        if (_batches.length == 0) return;
        bytes32 id = _batches[which % _batches.length];
        IDAEntrance.BatchRecord memory r = entrance.record(id);
        address reporter = address(_submitters[who % 3]);
        (uint256 credit, uint256 burnt) = (entrance.credit(reporter), entrance.burnt());
        try challenges.lose(id, reporter) {
            vm.assertTrue(r.confirmBlock != 0, "lost without a verdict");
            uint256 reward = r.bondLost || r.bondWithdrawn ? 0 : r.bond / 2;
            vm.assertEq(entrance.credit(reporter) - credit, reward);
            vm.assertEq(entrance.burnt() - burnt, reward == 0 ? 0 : r.bond - reward);
            vm.assertTrue(entrance.record(id).withheld);
        } catch {
            vm.assertTrue(r.confirmBlock == 0, "not lost");
        }
    }

    function withdraw(uint256 who) external {
        GreedySubmitter submitter = _submitters[who % 3];
        uint256 credit = entrance.credit(address(submitter));
        if (credit == 0) return;
        uint256 before = address(submitter).balance;
        submitter.withdraw();
        vm.assertEq(address(submitter).balance, before + credit);
        withdrawn += credit;
    }

    function mine(uint256 blocks) external {
        vm.roll(block.number + bound(blocks, 1, 80));
    }

    function setPrice(uint256 price) external {
        vm.prank(admin);
        market.setPricePerSector(bound(price, 1, 1e12));
    }

    /// @dev Remembers each status, and refuses steps back: called after every action.
    function checkArrows() external {
        for (uint256 i = 0; i < _batches.length; ++i) {
            IDAEntrance.Status status = entrance.statusOf(_batches[i]);
            IDAEntrance.Status seen = _seen[_batches[i]];
            bool final_ = seen == IDAEntrance.Status.Available || seen == IDAEntrance.Status.Unavailable;
            vm.assertTrue(!final_ || status == seen, "a verdict changed");
            vm.assertTrue(status != IDAEntrance.Status.None, "a batch vanished");
            _seen[_batches[i]] = status;
        }
    }

    function batches() external view returns (bytes32[] memory) {
        return _batches;
    }

    function credits() external view returns (uint256 sum) {
        for (uint256 i = 0; i < 3; ++i) sum += entrance.credit(address(_submitters[i]));
        sum += entrance.credit(sampler);
    }

    function _nodes(uint256 sectors) private pure returns (bytes32[] memory nodes) {
        uint256 unit = 1;
        while (unit * 16 < sectors) unit *= 2;
        uint256 padded = ((sectors + unit - 1) / unit) * unit;
        uint256 count = 0;
        for (uint256 rest = padded; rest != 0; rest &= rest - 1) ++count;
        nodes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) nodes[i] = keccak256(abi.encode(sectors, i));
    }
}

/// @notice What must hold whatever anyone does, in any order, at any time:
///
/// 1. What the registry has is what it owes: credits, the sampling pool, what is burnt, and the escrow of each batch: fee
///    and bond until its verdict is drawn, the bond until it is released or lost.
/// 2. What was paid in was withdrawn, went to the log's pools, or is there.
/// 3. `Available` and `Unavailable` are for ever.
/// 4. The log has two entries for each available batch, and none else.
/// 5. The sampling pool has each batch's DA fee, whatever became of the batch, less what samplers were paid.
/// 6. A bond goes once: back, or half to a reporter and half to nobody.
contract EntranceInvariants is Invariant {
    Flow private _flow;
    address private _reward;
    DAEntrance private _entrance;
    EntranceHandler private _handler;

    function setUp() public {
        vm.roll(1_000);
        address admin = actor("admin");
        Genesis genesis = new Genesis(
            Genesis.Parameters(50, 1e9, admin, 8192, 372 days, 0, 0, address(0)),
            anyMining()
        );
        (_flow, _reward) = (genesis.flow(), address(genesis.reward()));
        ObedientSigners signers = new ObedientSigners();
        IDAEntrance.Terms memory terms = IDAEntrance.Terms(120, 200, 0.01 ether, 0.001 ether);
        EntranceFactory factory = new EntranceFactory(address(_flow), address(signers), terms);
        _entrance = factory.entrance();
        _handler = new EntranceHandler(factory, signers, genesis.market(), admin);

        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = EntranceHandler.submit.selector;
        selectors[1] = EntranceHandler.confirm.selector;
        selectors[2] = EntranceHandler.fail.selector;
        selectors[3] = EntranceHandler.withdrawBond.selector;
        selectors[4] = EntranceHandler.withdraw.selector;
        selectors[5] = EntranceHandler.mine.selector;
        selectors[6] = EntranceHandler.setPrice.selector;
        selectors[7] = EntranceHandler.paySample.selector;
        selectors[8] = EntranceHandler.setOpen.selector;
        selectors[9] = EntranceHandler.loseBond.selector;
        _target(address(_handler), selectors);
    }

    /// hardhat-config: invariant.runs = 32
    /// hardhat-config: invariant.depth = 64
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_A24_A26_WhatIsThereIsWhatIsOwed() external view {
        bytes32[] memory ids = _handler.batches();
        uint256 owed = _handler.credits() + _entrance.samplingPool() + _entrance.burnt();
        uint256 rows = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            IDAEntrance.BatchRecord memory r = _entrance.record(ids[i]);
            rows += r.rowCount;
            if (r.confirmBlock != 0) owed += r.bondWithdrawn || r.bondLost ? 0 : r.bond;
            else if (!r.failed) owed += r.storageFee + r.bond;
        }
        vm.assertEq(address(_entrance).balance, owed);
        vm.assertEq(_entrance.samplingPool() + _handler.sampled(), rows * 0.001 ether);
        vm.assertEq(address(_entrance).balance + _handler.withdrawn() + _reward.balance, _handler.paid());
        vm.assertEq(address(_flow).balance, 0);
    }

    /// hardhat-config: invariant.runs = 32
    /// hardhat-config: invariant.depth = 64
    /// hardhat-config: invariant.failOnRevert = true
    function invariant_VerdictsAreForEverAndTheLogHasWhatIsAvailable() external {
        _handler.checkArrows();
        bytes32[] memory ids = _handler.batches();
        uint256 available = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            if (_entrance.statusOf(ids[i]) == IDAEntrance.Status.Available) ++available;
        }
        vm.assertEq(available, _handler.confirmations());
        vm.assertEq(_flow.numSubmissions(), 2 * available);
    }
}
