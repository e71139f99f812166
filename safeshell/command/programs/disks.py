"""Tools for disks, partitions, volumes and file systems."""

from __future__ import annotations

from safeshell.command.programs.description import Programs
from safeshell.command.programs.record import Record, getopt

_LVM: Record = getopt(
    "A:dfhl:L:nPqrS:tvy",
    "autobackup= debug force help extents= size= nofsck partial quiet resizefs select= test verbose yes "
    "commandprofile= config= devices= devicesfile= driverloaded= journal= lockopt= longhelp nohints nolocking "
    "noudevsync profile= reportformat= version",
    shows=["-h/--help", "--longhelp", "--version"],
    tries=["-t/--test"],
)


PROGRAMS: Programs = {
    "badblocks": getopt("b:c:d:e:fi:no:p:st:vwBX"),
    "blkdiscard": getopt(
        "fo:l:p:svVzhq",
        "force offset= length= step= secure verbose version zeroout quiet help",
        shows=["-h/--help", "-V/--version"],
    ),
    "fdisk": getopt(
        "b:Bc::L::lxno:t:u::sw:W:C:H:S:hV",
        "sector-size= protect-boot compatibility color list list-details noauto-pt output= type= units getsz bytes "
        "lock wipe= wipe-partitions= cylinders= heads= sectors= help version",
        shows=["-h/--help", "-V/--version"],
    ),
    **dict.fromkeys(("lvreduce", "lvremove", "vgremove", "pvremove"), _LVM),
    **dict.fromkeys(
        ("mke2fs", "mkfs.ext2", "mkfs.ext3", "mkfs.ext4"),
        getopt("b:cd:e:g:i:jl:m:no:qr:s:t:vC:DE:FG:I:J:KL:M:N:O:R:ST:U:Vz:", tries=["-n", "-V"]),
    ),
    "mkfs": getopt("Vt:vh", "type= verbose help version lock", shows=["-h/--help"]),
    "mkfs.btrfs": getopt(
        "A:b:d:fhKl:L:m:Mn:O:qr:R:s:U:vV",
        "alloc-start= byte-count= checksum= csum= label= features= force leafsize= metadata= data= mixed nodesize= "
        "nodiscard rootdir= runtime-features= sectorsize= shrink quiet uuid= verbose help version",
        shows=["--help", "-V/--version"],
    ),
    "mkfs.vfat": getopt(
        "aAb:cCD:f:F:g:h:i:Il:m:M:n:r:R:s:S:v",
        "codepage= invariant mbr offset= variant= help",
        exact=True,
        shows=["--help"],
    ),
    "mkfs.xfs": getopt("b:c:d:fi:l:L:m:n:KNp:qr:s:CV", tries=["-N", "-V"]),
    "mkswap": getopt(
        "cfL:o:p:U:e:s:qv:Vh",
        "check force label= offset= pagesize= uuid= swapversion= verbose lock endianness= size= file quiet help "
        "version",
        shows=["-h/--help", "-V/--version"],
    ),
    "parted": getopt(
        "hlmjsfva:", "help list machine json script fix version align=", shows=["-h/--help", "-v/--version"]
    ),
    "sfdisk": getopt(
        "AdJBglFrsTVabfN:nO:o:qw:W:X:Y:GLu:hv",
        "activate dump json backup-pt-sectors show-geometry list list-free reorder show-size list-types verify delete "
        "part-label part-type part-uuid part-attrs disk-id relocate append backup bytes move-data move-use-fsync "
        "force color lock partno= no-act no-reread no-tell-kernel backup-file= output= quiet wipe= wipe-partitions= "
        "label= label-nested= show-pt-geometry Linux unit= help version",
        shows=["-h/--help", "-V/--version"],
        tries=["-n/--no-act"],
    ),
    "sgdisk": getopt(
        "A:a:b:B:c:Cd:DeEfFgGh:i:Ij:l:Lm:n:N:oOpPr:R:sS:t:T:u:U:vVzZ?",
        "attributes= set-alignment= backup= byte-swap-name= change-name= recompute-chs delete= display-alignment "
        "move-second-header end-of-largest first-in-largest first-aligned-in-largest mbrtogpt randomize-guids hybrid= "
        "info= align-end move-main-table= load-backup= list-types gpttombr= new= largest-new= clear print-mbr print "
        "pretend transpose= replicate= sort resize-table= typecode= transform-bsd= partition-guid= disk-guid= verify "
        "version zap zap-all help usage",
        exact=True,
        shows=["-?/--help", "-V/--version", "--usage"],
        # What `acts` has is done where they stand.
        tries=["-P/--pretend"],
        acts=["-z", "--zap", "-Z", "--zap-all", "-R", "--replicate", "-b", "--backup"],
    ),
    "wipefs": getopt(
        "aqfho:O:npit:bV",
        "all backup force noheadings json no-act offset= output= parsable quiet types= lock help version",
        shows=["-h/--help", "-V/--version"],
        tries=["-n/--no-act"],
    ),
    "zfs": {"subcommands": {"destroy": getopt("fnpRrvd", tries=["-n"]), "": getopt("")}},
}
