// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChunkLinearReward} from "../interfaces/IChunkLinearReward.sol";
import {IFixedPrice} from "../interfaces/IFixedPrice.sol";

/// @dev See {IFixedPrice}. It never holds ether: what comes in with a charge goes on in the same call.
contract FixedPrice is IFixedPrice {
    /// @dev One word: `next` holds from block `fromBlock` on, `price` before it; `fromBlock` 0: `price` holds.
    struct Price {
        uint96 price;
        uint96 next;
        uint64 fromBlock;
    }

    /// @inheritdoc IFixedPrice
    uint256 public constant NOTICE_BLOCKS = 256;

    /// @inheritdoc IFixedPrice
    address public immutable flow;
    /// @inheritdoc IFixedPrice
    address public immutable reward;
    /// @inheritdoc IFixedPrice
    address public immutable priceAdmin;

    Price private _price;

    constructor(uint256 pricePerSector_, address priceAdmin_, address flow_, address reward_) {
        _checkPrice(pricePerSector_);
        address partner = IChunkLinearReward(reward_).market();
        if (partner != address(this)) revert WrongPartner(reward_, address(this), partner);

        flow = flow_;
        reward = reward_;
        priceAdmin = priceAdmin_;
        _price = Price({price: uint96(pricePerSector_), next: 0, fromBlock: 0});
        emit PriceAnnounced(pricePerSector_, block.number);
    }

    /// @inheritdoc IFixedPrice
    function setPricePerSector(uint256 pricePerSector_) external {
        if (msg.sender != priceAdmin) revert NotPriceAdmin(msg.sender, priceAdmin);
        _checkPrice(pricePerSector_);
        uint256 fromBlock = block.number + NOTICE_BLOCKS;
        _price = Price({price: uint96(pricePerSector()), next: uint96(pricePerSector_), fromBlock: uint64(fromBlock)});
        emit PriceAnnounced(pricePerSector_, fromBlock);
    }

    /// @inheritdoc IFixedPrice
    function chargeFee(uint256 beforeLength, uint256 uploadSectors, uint256 paddingSectors) external payable {
        if (msg.sender != flow) revert NotFlow(msg.sender, flow);
        uint256 fee = pricePerSector() * uploadSectors;
        if (fee != msg.value) revert FeeNotExact(fee, msg.value);
        // The gap and the entry lie side by side and share the fee by sectors, so they are one piece to the pools.
        IChunkLinearReward(reward).fillReward{value: fee}(beforeLength, paddingSectors + uploadSectors);
    }

    /// @inheritdoc IFixedPrice
    function quote(uint256 sectors) external view returns (uint256) {
        uint256 price = pricePerSector();
        (uint256 pending, ) = pendingPrice();
        return (price > pending ? price : pending) * sectors;
    }

    /// @inheritdoc IFixedPrice
    function pricePerSector() public view returns (uint256) {
        Price memory p = _price;
        return p.fromBlock != 0 && block.number >= p.fromBlock ? p.next : p.price;
    }

    /// @inheritdoc IFixedPrice
    function pendingPrice() public view returns (uint256 price, uint256 fromBlock) {
        Price memory p = _price;
        return block.number < p.fromBlock ? (uint256(p.next), uint256(p.fromBlock)) : (0, 0);
    }

    function _checkPrice(uint256 price) private pure {
        if (price == 0 || price > type(uint96).max) revert PriceOutOfRange(price);
    }
}
