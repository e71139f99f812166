"""Data of programs for disks and file systems."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

_EXT = getopt("b:cd:e:g:i:jl:m:no:qr:s:t:vC:DE:FG:I:J:KL:M:N:O:R:ST:U:Vz:")

GRAMMARS: dict[str, Record] = {
    "mkfs": getopt("Vt:v", "type= verbose help version lock"),
    "mkfs.ext2": _EXT,
    "mkfs.ext3": _EXT,
    "mkfs.ext4": _EXT,
    "mke2fs": _EXT,
    "mkfs.xfs": getopt("b:c:d:fi:l:L:m:n:KNp:qr:s:CV"),
    "mkfs.btrfs": getopt(
        "A:b:d:fhKl:L:m:Mn:O:qr:R:s:U:vV",
        "alloc-start= byte-count= checksum= csum= label= features= force leafsize= metadata= data= mixed nodesize= "
        "nodiscard rootdir= runtime-features= sectorsize= shrink quiet uuid= verbose help version",
    ),
    "mkfs.vfat": getopt(
        "aAb:cCD:f:F:g:h:i:Il:m:M:n:r:R:s:S:v", "codepage= invariant mbr offset= variant= help", exact=True
    ),
    "mkswap": getopt(
        "cfL:o:p:U:e:s:qv:Vh",
        "check force label= offset= pagesize= uuid= swapversion= verbose lock endianness= size= file "
        "quiet help version",
    ),
    "wipefs": getopt(
        "aqfho:O:npit:bV",
        "all backup force noheadings json no-act offset= output= parsable quiet types= lock help version",
    ),
    "blkdiscard": getopt("fo:l:p:svVzhq", "force offset= length= step= secure verbose version zeroout quiet help"),
    "badblocks": getopt("b:c:d:e:fi:no:p:st:vwBX"),
    "fdisk": getopt(
        "b:Bc::L::lxno:t:u::sw:W:C:H:S:hV",
        "sector-size= protect-boot compatibility color list list-details noauto-pt output= type= units getsz bytes "
        "lock wipe= wipe-partitions= cylinders= heads= sectors= help version",
    ),
    # What -A, --part-type and the like do take operands behind the device.
    "sfdisk": getopt(
        "AdJBglFrsTVabfN:nO:o:qw:W:X:Y:GLu:hv",
        "activate dump json backup-pt-sectors show-geometry list list-free reorder show-size list-types verify delete "
        "part-label part-type part-uuid part-attrs disk-id relocate append backup bytes move-data move-use-fsync "
        "force color lock partno= no-act no-reread no-tell-kernel backup-file= output= quiet wipe= wipe-partitions= "
        "label= label-nested= show-pt-geometry Linux unit= help version",
    ),
    "sgdisk": getopt(
        "A:a:b:B:c:Cd:DeEfFgGh:i:Ij:l:Lm:n:N:oOpPr:R:sS:t:T:u:U:vVzZ?",
        "attributes= set-alignment= backup= byte-swap-name= change-name= recompute-chs delete= display-alignment "
        "move-second-header end-of-largest first-in-largest first-aligned-in-largest mbrtogpt randomize-guids hybrid= "
        "info= align-end move-main-table= load-backup= list-types gpttombr= new= largest-new= clear print-mbr print "
        "pretend transpose= replicate= sort resize-table= typecode= transform-bsd= partition-guid= disk-guid= verify "
        "version zap zap-all help usage",
        exact=True,
    ),
    "parted": getopt("hlmjsfva:", "help list machine json script fix version align="),
}
