// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Price of a sector, and the way of a fee from Flow to the chunks that it pays for
/// @notice 0G's market with two differences: the fee is sent with the charge and must be exact, and a new price is
/// announced `NOTICE_BLOCKS` ahead, so that whoever escrows a fee for less than that knows what it will be at most.
interface IFixedPrice {
    /// @notice A partner named at deployment does not name this contract in return.
    error WrongPartner(address partner, address expected, address found);

    /// @notice Only Flow charges.
    error NotFlow(address caller, address flow);

    /// @notice Only the price admin announces prices.
    error NotPriceAdmin(address caller, address admin);

    /// @notice A price is between 1 and 2^96 − 1 wei a sector: a free log could be filled by one entry.
    error PriceOutOfRange(uint256 price);

    /// @notice The charge must carry exactly price × uploaded sectors.
    error FeeNotExact(uint256 fee, uint256 sent);

    /// @notice A price was announced.
    /// @param price Wei a sector.
    /// @param fromBlock The first block at which it holds.
    event PriceAnnounced(uint256 price, uint256 fromBlock);

    /// @notice Wei a sector at this block.
    function pricePerSector() external view returns (uint256);

    /// @notice The announced price and the first block at which it holds; (0, 0) if none is pending.
    function pendingPrice() external view returns (uint256 price, uint256 fromBlock);

    /// @notice The most that this many sectors can cost in any of the next `NOTICE_BLOCKS` − 1 blocks, this one included.
    function quote(uint256 sectors) external view returns (uint256 wei_);

    /// @notice Announces a price that holds from `NOTICE_BLOCKS` after this block. Replaces an announced price that does
    /// not hold yet. Only by the price admin.
    function setPricePerSector(uint256 pricePerSector_) external;

    /// @notice Takes the fee of one entry and passes it on to the chunks that the entry and the gap before it lie in,
    /// each sector with the same share. Only by Flow, with exactly price × uploadSectors.
    /// @param beforeLength Sectors in the log before the gap.
    /// @param uploadSectors Sectors of the entry.
    /// @param paddingSectors Sectors of the gap; they cost nothing.
    function chargeFee(uint256 beforeLength, uint256 uploadSectors, uint256 paddingSectors) external payable;

    /// @notice Blocks between the announcement of a price and the first block at which it holds.
    function NOTICE_BLOCKS() external view returns (uint256);

    /// @notice Who announces prices; the zero address: nobody, for good.
    function priceAdmin() external view returns (address);

    /// @notice The only charger.
    function flow() external view returns (address);

    /// @notice Where fees go.
    function reward() external view returns (address);
}
